import { describe, expect, test } from "vitest";
import { parseFilter } from "./filter.ts";
import { decodeFrame, type TracksFrame } from "./frame.ts";
import { tracksFrame } from "./frame.fixtures.ts";
import { labelLines } from "./labels.ts";
import { COLUMNS, popcount, sortSlots } from "./order.ts";
import { Picture } from "./picture.ts";

const picture = new Picture();
picture.apply(decodeFrame(tracksFrame([
  { track: 12, callsign: "KZR101", address: 0x4ca123, mode3a: 0o2104, altitudeM: 10_668, vnMps: 200, contributors: 1 },
  { track: 7, callsign: "AFL55", mode3a: 0o7700, altitudeM: 900, veMps: 60, flags: 1 | 2, ageS: 30, contributors: 2, origin: 1 },
  { track: 120, contributors: 3, vnMps: -100, climbMps: 9, altitudeM: 3048 },
  { track: 3, callsign: "4CARD", altitudeM: Number.NaN, flags: 1 | 4 },
], { timeS: 1000 })) as TracksFrame);
const numbers = (slots: Iterable<number>): number[] => [...slots].map((slot) => picture.columns.track[slot]!);
const context = { picture, nowS: 1000, sensorBit: new Map([["kant", 0], ["osh", 1]]), members: ["kg", "ru"] };
const passing = (text: string): number[] => {
  const filter = parseFilter(text)!;
  return numbers(picture.slots.filter((slot) => filter(slot, context)));
};

describe("the filter", () => {
  test.each([
    ["kzr", [12]],
    ["4ca", [12, 3]],
    ["77", [7]],
    ["12", [12, 120]],
    ["fl>300", [12]],
    ["fl<=100 kt>150", [120]],
    ["age>=30", [7]],
    ["is:coasting", [7]],
    ["is:ground", [3]],
    ["is:primary", [120, 3]],
    ["sensor:osh", [7, 120]],
    ["sensor:osh afl", [7]],
    ["origin:ru", [7]],
    ["-origin:kg", [7]],
    ["is:only-we", []],
    ["is:both 12", [12, 120]],
    ["-is:ground -12", [7]],
    ["nothing", []],
  ])("%s", (text, expected) => {
    expect(passing(text)).toEqual(expected);
  });
  test("of nothing is none", () => expect(parseFilter("  ")).toBeNull());
});

describe("the order", () => {
  const sorted = (column: (typeof COLUMNS)[number], descending = false): number[] =>
    numbers(sortSlots(picture, Int32Array.from(picture.slots), { column, descending }));
  test("by number, by callsign, by level; what is not known is last either way", () => {
    expect(sorted("track")).toEqual([3, 7, 12, 120]);
    expect(sorted("callsign")).toEqual([3, 7, 12, 120]);
    expect(sorted("callsign", true)).toEqual([12, 7, 3, 120]);
    expect(sorted("level")).toEqual([7, 120, 12, 3]);
    expect(sorted("level", true)).toEqual([12, 120, 7, 3]);
    expect(sorted("age", true)[0]).toBe(7);
    expect(sorted("origin").at(-1)).toBe(7);
  });
  test("every column is an order of all tracks", () => {
    for (const column of COLUMNS) expect(sorted(column).toSorted((a, b) => a - b)).toEqual([3, 7, 12, 120]);
  });
  test("bits are counted to the last", () => expect([0, 1, 0xffffffff, 0x80000001].map(popcount)).toEqual([0, 1, 32, 2]));
});

describe("a label", () => {
  const lines = (track: number): string[] => labelLines(picture, picture.slotOf(track)!, 1000);
  test("says who, level and trend, and speed", () => expect(lines(12)).toEqual(["KZR101", "350 389"]));
  test("says that a track coasts, and for how long", () => expect(lines(7)).toEqual(["AFL55 C30s", "030 117"]));
  test("falls back on the track number", () => expect(lines(120)).toEqual(["#120", "100↑ 194"]));
  test("says ground", () => expect(lines(3)).toEqual(["4CARD", "GND 0"]));
});
