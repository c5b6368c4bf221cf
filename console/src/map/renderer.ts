/** What draws symbols, vectors and trails onto a canvas of its own above the map. */

import type { View } from "../model/view.ts";
import type { Update } from "../worker/protocol.ts";
import type { Palette } from "./palette.ts";

export interface Scenery {
  readonly view: View;
  /** Picture time to draw for, UTC epoch seconds. */
  readonly nowS: number;
  readonly vectorS: number;
  readonly trailS: number;
  readonly symbolPx: number;
}

export interface TrackRenderer {
  readonly kind: "webgl2" | "canvas2d";
  /** `names` are the letters of each member's mark. */
  dress(palette: Palette, names: readonly string[]): void;
  /** New rows are in the store; take them over. */
  upload(update: Update): void;
  /** The graphics card has not yet drawn what it was last given. */
  readonly busy: boolean;
  draw(scenery: Scenery): void;
  destroy(): void;
}

/** With more tracks than this, symbols and vectors give way to one another. */
const CROWD = 4000;

/** Symbols shrink with the scale, and in a crowd, so that a continent stays legible. */
export function symbolSizePx(zoom: number, shown: number): number {
  const size = Math.max(10, Math.min(28, 9 + (zoom - 3) * 3));
  return shown > CROWD ? Math.max(8, size * 0.75) : size;
}

/** Letters of a badge can be read when symbols are at least this large; below it a member's shape stands in its place. */
export const BADGE_FROM_PX = 17;
/** A mark's size and how far right and down of the symbol's centre it stands, in sizes of the symbol. */
export const markSizePx = (symbolPx: number): number => (symbolPx >= BADGE_FROM_PX ? Math.max(15, symbolPx * 0.74) : Math.max(5, symbolPx * 0.5));
export const MARK_OFFSET = 0.52;

const USUAL_MPS = 220;

/** What `seconds` of flight span on the screen when that is more than the symbol itself hides, else nothing. */
export function visibleSeconds(seconds: number, mPerPx: number, symbolPx: number, shown: number): number {
  const leastPx = symbolPx * (shown > CROWD ? 1.6 : 0.75);
  return (seconds * USUAL_MPS) / mPerPx > leastPx ? seconds : 0;
}
