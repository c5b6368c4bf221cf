import { describe, expect, test } from "vitest";
import { declutter, FIRST_LEADER_PLACE, type Candidate, type Placed } from "./declutter.ts";

const SIZE = { width: 60, height: 28 };
const candidate = (index: number, x: number, y: number, more: Partial<Candidate> = {}): Candidate => ({
  index, x, y, ...SIZE, must: false, place: -1, ...more,
});
const taken = (points: readonly Candidate[], thin: number[] = []) => ({
  symbols: Float32Array.from(points.flatMap(({ x, y }) => [x, y])),
  radiusPx: 5,
  thin: Float32Array.from(thin),
});
const boxOf = (placed: Placed, all: readonly Candidate[]) => {
  const { x, y } = all.find((c) => c.index === placed.index)!;
  return { left: x + placed.dx, top: y + placed.dy, right: x + placed.dx + SIZE.width, bottom: y + placed.dy + SIZE.height };
};

describe("labels", () => {
  test("a single one stands beside its symbol without a leader", () => {
    const [placed] = declutter([candidate(0, 400, 300)], taken([candidate(0, 400, 300)]), 800, 600, 10);
    expect(placed!.place).toBeLessThan(FIRST_LEADER_PLACE);
  });

  test("never cover one another nor a symbol, however dense", () => {
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed % n;
    };
    const all = Array.from({ length: 150 }, (_, k) => candidate(k, 60 + random(700), 20 + random(560)));
    const boxes = declutter(all, taken(all), 800, 600, 500).map((placed) => boxOf(placed, all));
    expect(boxes.length).toBeGreaterThan(20);
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false);
      }
      for (const { x, y } of all) expect(x > a.left && x < a.right && y > a.top && y < a.bottom).toBe(false);
      expect(a.left >= 48 && a.top >= 0 && a.right <= 800 && a.bottom <= 600).toBe(true);
    }
  });

  test("keep the place they had while it is free", () => {
    const one = candidate(0, 400, 300, { place: 3 });
    expect(declutter([one], taken([one]), 800, 600, 10)[0]!.place).toBe(3);
  });

  test("stay clear of lines", () => {
    const one = candidate(0, 400, 300);
    const [free] = declutter([one], taken([one]), 800, 600, 10);
    const [moved] = declutter([one], taken([one], [400 + free!.dx + 20, 300 + free!.dy + 10]), 800, 600, 10);
    expect(moved!.place).not.toBe(free!.place);
  });

  test("are no more than the budget, in order of priority", () => {
    const all = Array.from({ length: 9 }, (_, k) => candidate(k, 100 + 80 * k, 300));
    expect(declutter(all, taken(all), 1000, 600, 3).map((placed) => placed.index)).toEqual([0, 1, 2]);
  });

  test("one that must be shown is shown even where everything is taken", () => {
    const crowd = Array.from({ length: 3000 }, (_, k) => candidate(k, (k % 60) * 14, Math.floor(k / 60) * 12));
    const chosen = candidate(9999, 400, 300, { must: true });
    expect(declutter([chosen, ...crowd], taken(crowd), 840, 600, 500).map((placed) => placed.index)).toContain(9999);
  });
});
