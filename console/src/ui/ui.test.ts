import { expect, test, vi } from "vitest";
import { DEFAULTS } from "../model/settings.ts";
import type { Workplace } from "../state/workplace.ts";
import { keyAction } from "./keys.ts";
import { profile } from "./sparkline.ts";

test("a profile spans its box, newest to the right, highest at the top; unknown values are left out", () => {
  const drawn = profile([{ timeS: 0, value: 100 }, { timeS: 5, value: Number.NaN }, { timeS: 10, value: 300 }], 100, 34)!;
  expect(drawn).toEqual({ points: "0.0,32.0 100.0,2.0", low: 100, high: 300 });
  expect(profile([{ timeS: 0, value: 1 }], 100, 34)).toBeNull();
  expect(profile([{ timeS: 0, value: 5 }, { timeS: 1, value: 5 }], 100, 34)!.points).toBe("0.0,17.0 100.0,17.0");
});

test("keys do what the help says, in either case, and others nothing", () => {
  const w = { settings: DEFAULTS, measuring: false, change: vi.fn(), step: vi.fn(), select: vi.fn(), fit: vi.fn(), setMeasuring: vi.fn() };
  const actions = { togglePlay: vi.fn(), shiftSpeed: vi.fn(), skip: vi.fn(), help: vi.fn(), filter: vi.fn() };
  const press = (key: string): boolean => keyAction(key, w as unknown as Workplace, actions);
  expect([press(" "), press("L"), press("k"), press("Escape"), press("?")]).toEqual([true, true, true, true, true]);
  expect(actions.togglePlay).toHaveBeenCalledOnce();
  expect(w.change).toHaveBeenCalledWith({ labels: false });
  expect(w.step).toHaveBeenCalledWith(-1);
  expect(w.select).toHaveBeenCalledWith(null);
  expect([press("F5"), press("x"), press("Enter")]).toEqual([false, false, false]);
});
