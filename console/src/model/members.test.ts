import { describe, expect, test } from "vitest";
import { letters, marksOf, memberOf, SHAPES } from "./members.ts";

describe("members' marks", () => {
  test("are the same on the consoles of all three, whoever comes first in the node's table", () => {
    const of = (members: string[], member: string): number => marksOf(members)[members.indexOf(member)]!;
    expect(of(["KG", "RU"], "RU")).toBe(of(["RU", "KG", "KZ"], "RU"));
    expect(of(["KZ", "RU"], "KZ")).toBe(of(["RU", "KG", "KZ"], "KZ"));
  });
  test("differ as long as there are enough of them", () => {
    expect(new Set(marksOf(["AM", "BY", "KG", "KZ", "RU", "TJ", "AA", "ZZ"])).size).toBe(SHAPES.length);
    expect(Math.max(...marksOf(Array.from({ length: 20 }, (_, k) => `M${k}`)))).toBeLessThan(SHAPES.length);
  });
  test("carry at most three letters; who is not in the table is nobody", () => {
    expect(letters("EXAMPLE")).toBe("EXA");
    expect([memberOf(["KG"], 0), memberOf(["KG"], 255)]).toEqual(["KG", ""]);
  });
});
