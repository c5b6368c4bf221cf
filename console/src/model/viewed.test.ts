import { describe, expect, test } from "vitest";
import { decodeFrame, Flag, type TracksFrame } from "./frame.ts";
import { tracksFrame, type Row } from "./frame.fixtures.ts";
import { Picture } from "./picture.ts";
import { laidOver, readView, ViewError } from "./viewed.ts";

const NOW = 1_700_000_000;

function own(rows: readonly Row[]): Picture {
  const picture = new Picture();
  picture.apply(decodeFrame(tracksFrame(rows, { kind: 1, timeS: NOW })) as TracksFrame);
  return picture;
}

const feature = (properties: Record<string, unknown>, lat = 42, lon = 74) => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [lon, lat] },
  properties: { track: 1, time: new Date(NOW * 1000).toISOString(), origin: "KG", altitude_m: null, vn_mps: 0, ve_mps: 0, ...properties },
});

/** Our number, and whether both see it, of every row. */
function over(rows: readonly Row[], features: readonly unknown[]): [number, string][] {
  const { frame } = laidOver(own(rows), readView({ features }).tracks, "RU", ["KG", "RU"], NOW);
  const words = (flags: number): string => (flags & Flag.onlyWe ? "only we" : flags & Flag.onlyThey ? "only they" : "both");
  return Array.from(frame.track, (track, row): [number, string] => [track, words(frame.flags[row]!)]).toSorted(([a], [b]) => a - b);
}

describe("another member's picture over ours", () => {
  test("is ours under our numbers, whatever numbers theirs has, and what they lack stays as only ours", () => {
    const ours = [{ track: 7, address: 0x4ca123 }, { track: 8, lat: 43 }, { track: 9, lat: 44, address: 0x600001 }];
    expect(over(ours, [feature({ track: 9001, address: 0x4ca123 }), feature({ track: 9002 }, 43)])).toEqual([[7, "both"], [8, "both"], [9, "only we"]]);
  });

  test("a coarsened position is theirs to see: the row carries it", () => {
    const { frame } = laidOver(own([{ track: 7, address: 0x4ca123, lat: 42 }]), readView({ features: [feature({ address: 0x4ca123 }, 42.3)] }).tracks, "RU", ["KG", "RU"], NOW);
    expect(frame.latE7[0]! / 1e7).toBeCloseTo(42.3, 6);
  });

  test("what is near but of another address, code or height is another aircraft", () => {
    for (const [mine, theirs] of [
      [{ address: 0x4ca123 }, { address: 0x4ca124 }],
      [{ mode3a: 0o2101 }, { mode_3a: 0o2102 }],
      [{ altitudeM: 3000 }, { altitude_m: 9000 }],
    ] as const) expect(over([{ track: 7, ...mine }], [feature({ track: 5, ...theirs })])).toEqual([[-5, "only they"], [7, "only we"]]);
  });

  test("an old row is compared where it would be by now, and each of ours goes to one of theirs", () => {
    const time = new Date((NOW - 60) * 1000).toISOString();
    expect(over([{ track: 7, lat: 42 + (250 * 60) / 111_195, vnMps: 250 }], [feature({ time, vn_mps: 250 })])).toEqual([[7, "both"]]);
    expect(over([{ track: 7 }], [feature({ track: 1 }), feature({ track: 2 }, 42.01)])).toEqual([[-2, "only they"], [7, "both"]]);
  });

  test("what they are responsible for they have without us", () => {
    expect(over([{ track: 7, origin: 1 }, { track: 8, lat: 44 }], [])).toEqual([[7, "both"], [8, "only we"]]);
  });

  test("an empty view leaves all as only ours, and says the reason", () => {
    expect(over([{ track: 7 }], [])).toEqual([[7, "only we"]]);
    expect(readView({ features: [], reason: "no agreement" })).toEqual({ tracks: [], reason: "no agreement" });
  });

  test.each([null, {}, { features: 7 }, { features: [{}] }, { features: [{ geometry: { coordinates: ["x", 1] }, properties: {} }] }])("what is none is refused: %j", (answer) => {
    expect(() => readView(answer)).toThrow(ViewError);
  });
});
