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
  setPalette(palette: Palette): void;
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

const USUAL_MPS = 220;

/** What `seconds` of flight span on the screen when that is more than the symbol itself hides, else nothing. */
export function visibleSeconds(seconds: number, mPerPx: number, symbolPx: number, shown: number): number {
  const leastPx = symbolPx * (shown > CROWD ? 1.6 : 0.75);
  return (seconds * USUAL_MPS) / mPerPx > leastPx ? seconds : 0;
}
