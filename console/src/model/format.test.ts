import { describe, expect, test } from "vitest";
import * as f from "./format.ts";

describe("numbers are written as operators read them", () => {
  test.each([
    ["flight level", f.flightLevel(10_668), "350"],
    ["low level", f.flightLevel(1981), "065"],
    ["below the datum", f.flightLevel(-40), "-01"],
    ["speed", f.speedKt(231.5), "450"],
    ["course", f.course(359.7), "000°"],
    ["climb", f.verticalRate(7.62), "+1500"],
    ["descent", f.verticalRate(-5.08), "−1000"],
    ["level flight", f.verticalRate(0.01), "0"],
    ["squawk", f.squawk(0o21), "0021"],
    ["bias", f.biased(-62.4, 2.6, 0).join(" "), "−62 ± 3"],
    ["no bias", f.biased(-0.0004, 0.002, 2).join(" "), "+0.00 ± 0.00"],
    ["bias of what has none", f.biased(null, null, 2)[0], "–"],
    ["address", f.addressHex(0x4ca), "0004CA"],
    ["age", f.age(12.4), "12 s"],
    ["old age", f.age(600), "10 min"],
    ["thousands", f.grouped(1_234_567), "1\u202f234\u202f567"],
    ["time", f.utcTime(1_700_000_000), "22:13:20"],
    ["date", f.utcDate(1_700_000_000), "2023-11-14"],
    ["distance", f.distance(18_520), "10.0 NM · 18.5 km"],
    ["duration", f.duration(3725), "1:02:05"],
    ["rate", f.perSecond(2.25), "2.3"],
  ])("%s", (_, written, expected) => expect(written).toBe(expected));

  test("what is not known is a dash, never a zero", () => {
    const written = [f.flightLevel, f.speedKt, f.course, f.verticalRate, f.squawk, f.addressHex, f.age, f.metres, f.feet, f.grouped, f.perSecond];
    for (const write of written) expect([write(null), write(Number.NaN)]).toEqual(["–", "–"]);
    expect(f.utcTime(Number.NaN)).toBe("--:--:--");
  });

  test("a climb arrow needs 300 ft/min", () => {
    expect([f.trend(1.6), f.trend(1.4), f.trend(-1.6), f.trend(Number.NaN)]).toEqual(["↑", "", "↓", ""]);
  });
});

describe("degrees, minutes, seconds", () => {
  test.each([
    [41.385, "lat", "41°23'06.0\"N"],
    [-0.001, "lat", "00°00'03.6\"S"],
    [-179.99999, "lon", "180°00'00.0\"W"],
    [2.17, "lon", "002°10'12.0\"E"],
  ] as const)("%d", (degrees, axis, written) => expect(f.dms(degrees, axis)).toBe(written));
});

test("a track's number says when it is of a partner's block", () => {
  expect([12, -12, 999_999_999, 1_003_000_000_012].map(f.trackNumber)).toEqual(["12", "12", "999999999", "1003/12"]);
});
