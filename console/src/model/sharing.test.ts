import { describe, expect, test } from "vitest";
import { agreement, link } from "./sharing.fixtures.ts";
import { alarms, counted, daysLeft, expiringSoon, listed, resumptionWords, suspensionWords } from "./sharing.ts";

const at = (day: string): number => Date.parse(`${day}T12:00:00Z`) / 1000;

describe("what must not be missed", () => {
  test("is nothing as long as links are up and agreements active, or nobody was heard yet", () => {
    expect(alarms([agreement()], [link(), link({ partner: "KZ", condition: "never" }), link({ partner: "BY", condition: "idle" })], "KG")).toEqual([]);
  });
  test("is a lost link, a quarantine, a suspension, the gravest first; a quarantine can be lifted", () => {
    const found = alarms(
      [agreement({ state: "suspended", suspended_by: ["RU"] })],
      [link({ condition: "down" }), link({ partner: "KZ", condition: "quarantined", quarantine: "it sent a replayed batch" })],
      "KG",
    );
    expect(found.map(({ key, severity, lift }) => [key, severity, lift])).toEqual([
      ["link RU", "warning", null], ["quarantine KZ", "warning", "KZ"], ["suspended kg-ru-2023", "caution", null],
    ]);
    expect(found[1]!.words).toContain("it sent a replayed batch");
    expect(found[2]!.words).toContain("By RU");
  });
});

describe("what an order does is said before it is given", () => {
  test("of a suspension: what stops, what leaves the picture, who can lift it", () => {
    const words = suspensionWords(agreement(), "KG").join(" ");
    for (const said of ["stops giving RU its tracks and warnings", "RU's tracks under it leave this picture", "KG alone can lift it"]) expect(words).toContain(said);
  });
  test("of an agreement that gives nothing one way, nothing is said of that way", () => {
    expect(suspensionWords(agreement({ gets: [] }), "KG").join(" ")).not.toContain("leave this picture");
    expect(resumptionWords(agreement({ gives: [] }), "KG").join(" ")).not.toContain("KG gives");
  });
  test("of many parties, all are named", () => {
    expect(suspensionWords(agreement({ parties: ["KG", "RU", "KZ"] }), "KG").at(-1)).toContain("RU and KZ are told");
    expect(listed(["AM", "BY", "KG"])).toBe("AM, BY and KG");
  });
});

test("an agreement in force that ends within half a year is spoken of; a draft is not", () => {
  expect(daysLeft(agreement(), at("2028-10-08"))).toBe(1);
  expect(expiringSoon(agreement(), at("2028-10-08"))).toBe(true);
  expect(expiringSoon(agreement(), at("2027-10-08"))).toBe(false);
  expect(expiringSoon(agreement({ state: "draft" }), at("2028-10-08"))).toBe(false);
  expect(expiringSoon(agreement({ to: "who knows" }), at("2028-10-08"))).toBe(false);
});

test("reasons are told the most frequent first, without those that nothing fell under", () => {
  expect(counted({ outside: 2, friend: 7, old: 0 })).toEqual([["friend", 7], ["outside", 2]]);
});
