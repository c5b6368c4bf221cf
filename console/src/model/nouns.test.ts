import { expect, test } from "vitest";
import { conflict, identityWords, inOrder, openOnes, readTrack, type Identity, type Warning } from "./nouns.ts";

const warning = (changed: Partial<Warning>): Warning => ({
  origin: "KG", number: 1, code: "EMERGENCY_7700", severity: "WARNING", state: "active", text: "squawks 7700", track: 7, simulated: true, began_s: 10, last_s: 20, agreements: [], ...changed,
});
const identity = (value: string, origin = "KG"): Identity => ({
  origin, value, category: "civil", criteria: "", human: true, by: "", at_s: 1, shared: false, agreements: [],
});

test("open warnings come first, the gravest of them, the latest of those", () => {
  const told = [
    warning({ number: 1, state: "closed" }), warning({ number: 2, severity: "CAUTION" }), warning({ number: 3 }), warning({ number: 4, began_s: 30 }),
  ];
  expect(inOrder(told).map((one) => one.number)).toEqual([4, 3, 2, 1]);
  expect(openOnes(told).map((one) => one.number)).toEqual([2, 3, 4]);
});

test("a track is read as it is written", () => {
  expect(readTrack("17")).toBe(17);
  expect(readTrack(" #12/345 ")).toBe(12_000_000_345);
  for (const text of ["", "x", "1/", "/2", "1.5", "1/2/3"]) expect(readTrack(text)).toBeNull();
});

test("identities conflict where members stand on different sides", () => {
  expect(conflict([identity("friend"), identity("hostile", "RU")])).toBe(true);
  expect(conflict([identity("friend"), identity("assumed_friend", "RU"), identity("unknown", "KZ")])).toBe(false);
  expect(conflict([])).toBe(false);
  expect(identityWords("assumed_friend")).toBe("ASSUMED FRIEND");
});
