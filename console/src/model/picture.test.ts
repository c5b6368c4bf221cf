import { describe, expect, test } from "vitest";
import { decodeFrame, type TracksFrame } from "./frame.ts";
import { tracksFrame, type Row } from "./frame.fixtures.ts";
import { Picture } from "./picture.ts";

const frame = (rows: readonly Row[], fields: Parameters<typeof tracksFrame>[1] = {}): TracksFrame =>
  decodeFrame(tracksFrame(rows, fields)) as TracksFrame;
const tracks = (picture: Picture): number[] => picture.slots.map((slot) => picture.columns.track[slot]!).toSorted((a, b) => a - b);

describe("a picture", () => {
  test("takes deltas in: what is not in one stays, what is removed goes", () => {
    const picture = new Picture();
    picture.apply(frame([{ track: 1 }, { track: 2 }, { track: 3 }], { kind: 1 }));
    picture.apply(frame([{ track: 2, altitudeM: 3000 }, { track: 4 }], { removed: [1] }));
    expect(tracks(picture)).toEqual([2, 3, 4]);
    expect(picture.columns.altitudeM[picture.slotOf(2)!]).toBe(3000);
  });

  test("forgets with a snapshot whatever is not in it, and keeps the slot of what is", () => {
    const picture = new Picture();
    picture.apply(frame([{ track: 1 }, { track: 2 }]));
    const slot = picture.slotOf(2);
    picture.apply(frame([{ track: 2 }, { track: 9 }], { kind: 1 }));
    expect(tracks(picture)).toEqual([2, 9]);
    expect(picture.slotOf(2)).toBe(slot);
  });

  test("gives a slot that is used again another generation", () => {
    const picture = new Picture();
    picture.apply(frame([{ track: 1 }]));
    const slot = picture.slotOf(1)!;
    const before = picture.columns.generation[slot];
    picture.apply(frame([{ track: 2 }], { removed: [1] }));
    expect(picture.slotOf(2)).toBe(slot);
    expect(picture.columns.generation[slot]).not.toBe(before);
    expect(picture.callsigns[slot]).toBe("");
  });

  test("grows past its first capacity and keeps what it held", () => {
    const picture = new Picture();
    picture.apply(frame(Array.from({ length: 1000 }, (_, k) => ({ track: k, callsign: `C${k}` })), { kind: 1 }));
    picture.apply(frame(Array.from({ length: 3000 }, (_, k) => ({ track: 1000 + k }))));
    expect(picture.size).toBe(4000);
    expect(picture.callsigns[picture.slotOf(999)!]).toBe("C999");
  });

  test("refuses more tracks than it has slots for, and counts them", () => {
    const picture = new Picture();
    picture.apply(frame(Array.from({ length: 65_540 }, (_, k) => ({ track: k }))));
    expect(picture.size).toBe(65_535);
    expect(picture.refused).toBe(5);
  });

  test("knows when the latest plot was, and shows callsigns from the air as text", () => {
    const picture = new Picture();
    picture.apply(frame([{ track: 1, ageS: 2.5, callsign: "AB\u0001 " }], { timeS: 1000 }));
    expect(picture.columns.lastPlotS[0]).toBe(997.5);
    expect(picture.callsigns[0]).toBe("AB?");
    picture.apply(frame([{ track: 1, callsign: "KZR1" }]));
    expect(picture.callsigns[0]).toBe("KZR1");
  });

  test("is the same whether it came as one snapshot or as any deltas that lead to it", () => {
    let seed = 1;
    const random = (n: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % n;
    };
    const picture = new Picture();
    const truth = new Map<number, number>();
    for (let round = 0; round < 200; round++) {
      const removed = [...truth.keys()].filter(() => random(4) === 0);
      for (const track of removed) truth.delete(track);
      const rows = Array.from({ length: random(20) }, () => ({ track: random(60) + 1, plots: random(1000) }));
      for (const row of rows) truth.set(row.track, row.plots);
      picture.apply(frame(rows, { removed }));
    }
    const held = new Map(picture.slots.map((slot) => [picture.columns.track[slot]!, picture.columns.plots[slot]!]));
    expect([...held].toSorted()).toEqual([...truth].toSorted());
  });
});
