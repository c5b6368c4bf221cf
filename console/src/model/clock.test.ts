import { describe, expect, test } from "vitest";
import { backoffS } from "./backoff.ts";
import { MAX_AHEAD_S, PictureClock, pictureTime } from "./clock.ts";
import { cadence, freshness } from "./staleness.ts";

describe("the picture's clock", () => {
  test("runs on between frames at the replay's speed, and stands when no frame comes", () => {
    const clock = new PictureClock();
    clock.told(10, false, false, 0);
    clock.frame(1000, 0, true);
    expect(pictureTime(clock.anchor, 0.5)).toBe(1005);
    expect(pictureTime(clock.anchor, 60)).toBe(1000 + 10 * MAX_AHEAD_S);
  });

  test("stands when paused and when ended, where it is", () => {
    const clock = new PictureClock();
    clock.frame(1000, 0, true);
    clock.told(1, true, false, 0.4);
    expect(pictureTime(clock.anchor, 2)).toBeCloseTo(1000.4);
    clock.told(1, false, true, 3);
    expect(pictureTime(clock.anchor, 9)).toBeCloseTo(1000.4);
  });

  test("takes up jitter by halves, and a seek at once", () => {
    const clock = new PictureClock();
    clock.frame(1000, 0, true);
    clock.frame(1001, 1.2, false);
    expect(pictureTime(clock.anchor, 1.2)).toBeCloseTo(1001.1);
    clock.frame(500, 2, true);
    expect(pictureTime(clock.anchor, 2)).toBe(500);
  });

  test("at full speed follows the rate it sees", () => {
    const clock = new PictureClock();
    clock.told(0, false, false, 0);
    for (let k = 0; k <= 40; k++) clock.frame(1000 + 50 * k, k, k === 0);
    expect(clock.anchor.rate).toBeGreaterThan(45);
  });
});

describe("freshness", () => {
  const feed = { lastFrameS: 100, cadenceS: 1, standing: false, linked: true };
  test("a frame more than three seconds overdue makes the picture stale since the last one", () => {
    expect(freshness(feed, 103.9)).toEqual({ state: "fresh" });
    expect(freshness(feed, 104.1)).toEqual({ state: "stale", sinceS: 100 });
  });
  test("a picture that stands on purpose is fresh while the link holds", () => {
    expect(freshness({ ...feed, standing: true }, 900)).toEqual({ state: "fresh" });
    expect(freshness({ ...feed, standing: true, linked: false }, 900)).toEqual({ state: "stale", sinceS: 100 });
  });
  test("before the first frame it is neither", () => expect(freshness({ ...feed, lastFrameS: null }, 900).state).toBe("waiting"));
  test("one late frame moves the expected cadence little", () => expect(cadence(1, 30)).toBeLessThan(2));
});

test("attempts to connect come ever slower, up to eight seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 60].map(backoffS)).toEqual([0.5, 1, 2, 4, 8, 8, 8]);
});
