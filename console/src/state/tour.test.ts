import { describe, expect, test } from "vitest";
import type { Detail } from "../worker/protocol.ts";
import { stepsFor } from "./tour.ts";
import type { Workplace } from "./workplace.ts";

/** What the tour looks at, with one partner; `stepped` counts the rows that it went on by. */
function workplace() {
  const w = {
    member: "KG", members: ["KG", "RU"], partners: ["RU"], origins: [3, 2], hello: null, selected: null as number | null,
    detail: null as Partial<Detail> | null, sharing: { agreements: [{ id: "kg-ru-2023", parties: ["KG", "RU"] }], links: [] },
  };
  let stepped = 0;
  const place = Object.assign(w, { step: (rows: number) => void (stepped += rows) });
  return { w, keep: () => stepsFor(place as unknown as Workplace)[1]!.keep!(place as unknown as Workplace), stepped: () => stepped };
}

describe("The tour, on what a partner contributes", () => {
  test("selects a track of the partner's as soon as there is one, and stays with it", () => {
    const { w, keep, stepped } = workplace();
    keep();
    expect(stepped()).toBe(1);
    w.selected = 7;
    keep();
    w.detail = { track: 7, droppedS: null, filtered: false };
    keep();
    expect(stepped()).toBe(1);
  });

  test.each([
    ["has ended", { droppedS: 1000, filtered: false }],
    ["is our own now", { droppedS: null, filtered: true }],
  ])("goes on to another where the selected one %s", (_, what) => {
    const { w, keep, stepped } = workplace();
    w.selected = 7;
    w.detail = { track: 7, ...what };
    keep();
    expect(stepped()).toBe(1);
  });

  test("waits for what is known of the track that it has just selected", () => {
    const { w, keep, stepped } = workplace();
    w.selected = 8;
    w.detail = { track: 7, droppedS: 1000, filtered: true };
    keep();
    expect(stepped()).toBe(0);
  });
});
