import { expect, test } from "vitest";
import { Trails } from "./trails.ts";

test("points nearer in time than the spacing are left out; a new life of the slot begins at once", () => {
  const trails = new Trails(100);
  const offer = (generation: number, timeS: number): boolean => trails.offer(3, generation, timeS, 0, 0, 0, 0, 4);
  expect([offer(0, 0), offer(0, 3.9), offer(0, 4), offer(1, 5)]).toEqual([true, false, true, true]);
});

test("a track's trail is its own, in order of time, whatever order its points came in", () => {
  const trails = new Trails(100);
  trails.push(1, 0, 20, 2, 2);
  trails.push(2, 0, 5, 9, 9);
  trails.push(1, 0, 10, 1, 1);
  trails.push(1, 7, 15, 3, 3);
  expect(trails.of(1, 0).map((i) => trails.timeS[i])).toEqual([10, 20]);
});

test("the ring is bounded: it forgets the oldest, and counts what it forgot too soon", () => {
  const trails = new Trails(10, 100);
  for (let t = 0; t < 25; t++) trails.push(t, 0, t, 0, 0);
  expect(trails.length).toBe(10);
  expect(trails.of(14, 0)).toEqual([]);
  expect(trails.of(15, 0)).toHaveLength(1);
  expect(trails.overwritten).toBe(15);
});

test("with many tracks the spacing widens, so that the ring reaches back as far as promised", () => {
  const trails = new Trails(1000, 600);
  expect(trails.spacingS(1)).toBe(4);
  expect(trails.spacingS(100) * (1000 / 100)).toBeGreaterThanOrEqual(600);
});

test("after clear nothing is left", () => {
  const trails = new Trails(10);
  trails.offer(1, 0, 50, 0, 0, 0, 0, 4);
  trails.clear();
  expect(trails.length).toBe(0);
  expect(trails.offer(1, 0, 10, 0, 0, 0, 0, 4)).toBe(true);
});
