import { expect, test } from "vitest";
import { STANDING } from "../model/clock.ts";
import { INSTANCE_OCTETS, POINT_OCTETS } from "../model/instances.ts";
import { TRAIL_CAPACITY } from "../model/trails.ts";
import type { Update } from "../worker/protocol.ts";
import { boundsOfSensors, boundsOfTracks } from "./bounds.ts";
import { symbolSizePx, visibleSeconds } from "./renderer.ts";
import { ringPieces, TrackStore } from "./track-store.ts";

function update(first: number, times: readonly number[], more: Partial<Update> = {}): Update {
  const points = new Float32Array(times.length * 4);
  times.forEach((time, k) => {
    points[4 * k + 2] = time;
  });
  return {
    type: "update", epoch: 1, origin: { x: 0.5, y: 0.5, timeS: 0 }, anchor: STANDING, timeS: 0, simulated: false, total: 0, shown: 0,
    instances: new ArrayBuffer(0), points: { first, buffer: points.buffer }, slots: new Uint8Array(0),
    counters: { frames: 0, malformed: 0, gaps: 0, connects: 0, refused: 0, overwritten: 0 }, ...more,
  };
}

test("a run of points that passes the ring's end is two runs of places", () => {
  expect(ringPieces(5, 3)).toEqual([{ first: 5, at: 5, count: 3 }]);
  expect(ringPieces(TRAIL_CAPACITY - 1, 3)).toEqual([
    { first: TRAIL_CAPACITY - 1, at: TRAIL_CAPACITY - 1, count: 1 }, { first: TRAIL_CAPACITY, at: 0, count: 2 },
  ]);
  expect(ringPieces(5, 0)).toEqual([]);
});

test("only batches that are recent enough are drawn", () => {
  const store = new TrackStore();
  store.take(update(0, [1, 2, 3]));
  store.take(update(3, [50]));
  store.take(update(4, [60, 61]));
  expect(store.recent(40)).toEqual([{ first: 3, at: 3, count: 3 }]);
  expect(store.recent(0)).toEqual([{ first: 0, at: 0, count: 6 }]);
  expect(store.recent(100)).toEqual([]);
});

test("a new epoch throws away the trails of the old one", () => {
  const store = new TrackStore();
  store.take(update(0, [1, 2, 3]));
  store.take(update(0, [9], { epoch: 2 }));
  expect(store.added).toBe(1);
  expect(store.recent(0)).toEqual([{ first: 0, at: 0, count: 1 }]);
});

test("points land in their places of the ring", () => {
  const store = new TrackStore();
  store.take(update(0, [7]));
  expect(new Float32Array(store.points.buffer)[2]).toBe(7);
  expect(store.points.length).toBe(TRAIL_CAPACITY * POINT_OCTETS);
});

test("the first view is where most tracks are, a stray one far away aside", () => {
  const store = new TrackStore();
  const rows = new Float32Array((40 * INSTANCE_OCTETS) / 4);
  for (let k = 0; k < 40; k++) rows[6 * k] = k * 0.0001;
  rows[0] = -0.4;
  store.take(update(0, [], { instances: rows.buffer, shown: 40 }));
  const bounds = boundsOfTracks(store)!;
  expect(bounds.west_deg).toBeGreaterThan(-1);
  expect(bounds.east_deg).toBeLessThan(3);
  expect(boundsOfTracks(new TrackStore())).toBeNull();
  expect(boundsOfSensors([])).toBeNull();
  const sensor = { index: 0, id: "a", member: "KG", kind: "modes", lat_deg: 60, lon_deg: 20, range_max_m: 370_000, period_s: 4 };
  const reach = boundsOfSensors([sensor, { ...sensor, lat_deg: null }])!;
  expect(reach.north_deg - 60).toBeCloseTo(2, 1);
  expect(reach.east_deg - 20).toBeCloseTo(4, 1);
});

test("symbols shrink with the scale and in a crowd; vectors that a symbol would hide are left out", () => {
  expect(symbolSizePx(9, 10)).toBeGreaterThan(symbolSizePx(4, 10));
  expect(symbolSizePx(9, 20_000)).toBeLessThan(symbolSizePx(9, 10));
  expect(visibleSeconds(120, 6000, 10, 10)).toBe(0);
  expect(visibleSeconds(120, 300, 20, 10)).toBe(120);
});
