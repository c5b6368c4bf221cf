/** The ground that the picture is drawn on, north up. Who draws it (MapLibre, or Canvas where there is no WebGL) is hidden. */

import type { Bounds } from "../model/messages.ts";
import type { View } from "../model/view.ts";
import type { Palette } from "./palette.ts";

export const MIN_ZOOM = 1.2;
export const MAX_ZOOM = 14;

export interface BaseMap {
  readonly kind: "maplibre" | "canvas";
  view(): View;
  fit(bounds: Bounds): void;
  /** Centre on a place; `zoom` null keeps the scale. */
  centre(lat: number, lon: number, zoom: number | null): void;
  zoomBy(steps: number): void;
  resize(): void;
  setPalette(palette: Palette): void;
  setGraticule(shown: boolean): void;
  destroy(): void;
}

export interface BaseMapEvents {
  /** The ground was drawn anew, with this view. */
  drawn(view: View): void;
}

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
