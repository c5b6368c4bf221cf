/** When a picture is too old to be trusted without saying so. */

/** A frame is due about once a second; this long after it was due the picture is called stale. */
export const STALE_AFTER_S = 3;

export interface Feed {
  /** Wall clock of the last binary frame, seconds; null before the first. */
  readonly lastFrameS: number | null;
  /** Usual interval between frames, seconds. */
  readonly cadenceS: number;
  /** The replay stands on purpose or has ended. */
  readonly standing: boolean;
  readonly linked: boolean;
}

export type Freshness = { readonly state: "waiting" | "fresh" } | { readonly state: "stale"; readonly sinceS: number };

/** A picture that stands on purpose is not stale as long as the link holds. */
export function freshness(feed: Feed, wallS: number): Freshness {
  if (feed.lastFrameS === null) return { state: "waiting" };
  if (feed.standing && feed.linked) return { state: "fresh" };
  const overdue = wallS - feed.lastFrameS > Math.min(10, feed.cadenceS) + STALE_AFTER_S;
  return overdue ? { state: "stale", sinceS: feed.lastFrameS } : { state: "fresh" };
}

/** Running estimate of the interval between frames; one late frame moves it little. */
export function cadence(previousS: number, intervalS: number): number {
  return previousS + 0.2 * (Math.min(5, Math.max(0.05, intervalS)) - previousS);
}
