import { describe, expect, test } from "vitest";
import { readSharing, ToldError } from "./told.ts";

const agreement = {
  id: "kg-ru-2023", title: "Joint Regional Air Defence System", hash: "ab", parties: ["KG", "RU"], state: "active", first_day: "2023-10-11",
  begins_s: 1_696_982_400, ends_s: 1_854_489_600, last_day: "2028-10-10", unsigned: [], stopped: [], gone: [], gives_to: ["RU"], takes_from: ["RU"],
  said: "", reason: "", illustrative: "",
  grants: [
    { giver: "KG", to: ["RU"], what: ["tracks"], where: "common-area", words: "KG gives RU tracks." },
    { giver: "RU", to: ["KG"], what: ["tracks"], where: "common-area", words: "RU gives KG tracks." },
    { giver: "RU", to: ["KZ"], what: ["tracks"], where: "common-area", words: "RU gives KZ tracks." },
  ],
};
const link = {
  member: "RU", address: "", key: "", state: "flowing", sent: 4, sent_rows: 40, sent_octets: 400, waiting: 0, discarded: 0, purged: 0, held_back: 0,
  taken: 5, rows: 50, octets: 500, missing: 0, rejected: {}, quarantined: "", last_s: 1000, lag_s: 0.02, grant_until_s: 0,
};
const told = (changedLink: object = {}, changedAgreement: object = {}) => ({
  member: "KG", time_s: 1001, problem: "", entries: 9, agreements: [{ ...agreement, ...changedAgreement }], links: [{ ...link, ...changedLink }],
  withheld: [{ member: "RU", rows: { OUTSIDE: 7, A_NEW_ONE: 2 } }],
});
const conditionOf = (changed: object) => readSharing(told(changed), "KG").links[0]!.condition;

describe("what a node tells of agreements and links", () => {
  test("is what this member gives and gets, in the node's words; what others get is not its concern", () => {
    const [read] = readSharing(told(), "KG").agreements;
    expect([read!.gives.map((one) => one.words), read!.gets.map((one) => one.words)]).toEqual([["KG gives RU tracks."], ["RU gives KG tracks."]]);
    expect([read!.from, read!.to]).toEqual(["2023-10-11", "2028-10-10"]);
  });
  test("names who has suspended, each once", () => {
    expect(readSharing(told({}, { state: "suspended", stopped: [["RU", "KG"], ["RU", "KZ"]] }), "KG").agreements[0]!.suspended_by).toEqual(["RU"]);
  });
  test("of links, is the few conditions that an operator acts upon", () => {
    expect(conditionOf({})).toBe("up");
    expect(conditionOf({ state: "quiet" })).toBe("up");
    expect(conditionOf({ state: "not active" })).toBe("idle");
    expect(conditionOf({ state: "no contact", last_s: null })).toBe("never");
    expect(conditionOf({ state: "no contact", last_s: 1000 })).toBe("up");
    expect(conditionOf({ state: "no contact", last_s: 900 })).toBe("down");
    expect(conditionOf({ state: "refused: unknown key" })).toBe("down");
    expect(conditionOf({ state: "flowing", quarantined: "a replayed batch" })).toBe("quarantined");
  });
  test("of what is withheld, is reasons in sentences, and a reason of a later node as it is", () => {
    expect(readSharing(told(), "KG").links[0]!.withheld).toEqual({ "it is outside of the volumes that the grants name": 7, A_NEW_ONE: 2 });
  });
  test.each([null, [], {}, { agreements: [], links: 7 }])("that is none is refused: %j", (answer) => {
    expect(() => readSharing(answer, "KG")).toThrow(ToldError);
  });
});
