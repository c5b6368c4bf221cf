import { describe, expect, test } from "vitest";
import { decodeFrame, FrameError, type TracksFrame, type TrailsFrame } from "./frame.ts";
import { trailsFrame, tracksFrame } from "./frame.fixtures.ts";

/** One track, written out by hand from docs/reference/stream.md: the page's own example, not this code's. */
const GOLDEN = [
  "41534d4e", "0100", "02", "01", "00002040fc54d941", "07000000", "01000000", "01000000", "00000000", "0000000000000000",
  "0000000000003940", // track 25
  "0000000000001040", // removed 4
  "00b10819", // 42.0 deg
  "00811b2c", // 74.0 deg
  "00b02646", // 10668 m
  "0000c842", // 100 m/s north
  "000048c3", // -200 m/s east
  "0000c07f", // climb not known
  "00004842", // sigma 50 m
  "0000c03f", // age 1.5 s
  "ffffffff", "05000000", "2c010000", "4104", "fe", "03", "4b5a523130310000", "01",
].join("");

const octets = (hex: string): ArrayBuffer => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16)).buffer;

describe("a frame of tracks", () => {
  test("is read as the page on the stream says", () => {
    const frame = decodeFrame(octets(GOLDEN)) as TracksFrame;
    expect(frame).toMatchObject({ kind: "delta", simulated: true, timeS: 1_700_000_000.5, sequence: 7, count: 1 });
    expect([...frame.track, ...frame.removed]).toEqual([25, 4]);
    expect([frame.latE7[0], frame.lonE7[0], frame.altitudeM[0], frame.vnMps[0], frame.veMps[0]]).toEqual([420_000_000, 740_000_000, 10_668, 100, -200]);
    expect([frame.climbMps[0], frame.sigmaM[0], frame.ageS[0]]).toEqual([Number.NaN, 50, 1.5]);
    expect([frame.address[0], frame.contributors[0], frame.plots[0]]).toEqual([0xffffffff, 5, 300]);
    expect([frame.mode3a[0], frame.existence[0], frame.flags[0]]).toEqual([0o2101, 254, 3]);
    expect(frame.origin[0]).toBe(1);
    expect(String.fromCharCode(...frame.callsign)).toBe("KZR101\0\0");
  });

  test("may be empty", () => {
    expect(decodeFrame(tracksFrame([], { kind: 1 }))).toMatchObject({ kind: "snapshot", count: 0 });
  });

  test("holds any number of rows: the octet columns at the end need no alignment of their own", () => {
    for (const count of [1, 2, 3, 5, 8, 13]) {
      const frame = decodeFrame(tracksFrame(Array.from({ length: count }, (_, k) => ({ track: k, plots: k, callsign: `T${k}` }))));
      expect([...(frame as TracksFrame).plots]).toEqual(Array.from({ length: count }, (_, k) => k));
    }
  });
});

describe("a frame of trails", () => {
  test("gives each track its points", () => {
    const frame = decodeFrame(trailsFrame([{ track: 1, points: [[42, 74, 8], [42.1, 74, 4]] }, { track: 2, points: [[10, -20, 1]] }])) as TrailsFrame;
    expect([...frame.first]).toEqual([0, 2]);
    expect([...frame.lonE7]).toEqual([740_000_000, 740_000_000, -200_000_000]);
    expect([...frame.beforeS]).toEqual([8, 4, 1]);
  });

  test("is refused when a trail begins after the last point or before the one before", () => {
    const late = trailsFrame([{ track: 1, points: [[42, 74, 8]] }]);
    new DataView(late).setUint32(48, 2, true);
    expect(() => decodeFrame(late)).toThrow(FrameError);
    const back = trailsFrame([{ track: 1, points: [[1, 1, 1]] }, { track: 2, points: [[1, 1, 1]] }]);
    new DataView(back).setUint32(56, 1, true);
    new DataView(back).setUint32(60, 0, true);
    expect(() => decodeFrame(back)).toThrow(/begins at point 0/);
  });
});

describe("octets that are no frame are refused with a reason", () => {
  const spoiled = (at: number, value: number): ArrayBuffer => {
    const frame = tracksFrame([{ track: 1 }]);
    new DataView(frame).setUint8(at, value);
    return frame;
  };
  test.each([
    ["too short for a header", new ArrayBuffer(39), /at least 40/],
    ["another magic", spoiled(0, 0x42), /magic/],
    ["another version", spoiled(4, 9), /version 9/],
    ["an unknown kind", spoiled(6, 7), /kind 7/],
    ["more rows than octets", spoiled(20, 2), /need 170 octets/],
    ["rows beyond any memory", spoiled(23, 0xff), /octets/],
    ["a row cut off", tracksFrame([{ track: 1 }]).slice(0, -1), /has 104/],
    ["a time that is none", tracksFrame([], { timeS: Number.NaN }), /time/],
  ])("%s", (_, frame, reason) => {
    expect(() => decodeFrame(frame)).toThrow(FrameError);
    expect(() => decodeFrame(frame)).toThrow(reason);
  });

  test("whatever octet of a frame is changed, it is decoded or refused, nothing else", () => {
    const frame = tracksFrame([{ track: 1 }, { track: 2 }], { removed: [3] });
    for (let at = 0; at < frame.byteLength; at++) {
      const changed = frame.slice(0);
      new Uint8Array(changed)[at]! ^= 0xff;
      try {
        decodeFrame(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
    }
  });
});
