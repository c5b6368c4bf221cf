/** Figures for tests and benchmarks, at `window.__asman.stats`. */

import type { Counters } from "../worker/protocol.ts";

/** The last durations of something on the page's thread, in milliseconds. */
export class Durations {
  count = 0;
  private readonly last = new Float64Array(256);

  add(ms: number): void {
    this.last[this.count++ % this.last.length] = ms;
  }

  /** Quantile (0..1) of the last 256; NaN before the first. */
  quantile(q: number): number {
    const held = this.last.slice(0, Math.min(this.count, this.last.length)).toSorted();
    return held[Math.min(held.length - 1, Math.floor(q * held.length))] ?? Number.NaN;
  }

  reset(): void {
    this.count = 0;
  }
}

export interface Stats {
  tracks: number;
  shown: number;
  labels: number;
  renderer: string;
  base: string;
  counters: Counters | null;
  /** Taking an update over: store and graphics card. */
  readonly updates: Durations;
  /** Drawing tracks and writing, ground excluded. */
  readonly draws: Durations;
}

export const emptyStats = (): Stats => ({
  tracks: 0,
  shown: 0,
  labels: 0,
  renderer: "",
  base: "",
  counters: null,
  updates: new Durations(),
  draws: new Durations(),
});
