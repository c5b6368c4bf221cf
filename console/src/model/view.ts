/** What part of the world is on the screen: north up, Mercator, one scale. Pixels are CSS pixels. */

import { latitude, longitude, mercatorX, mercatorY } from "./geo.ts";
import type { Bounds } from "./messages.ts";

export interface View {
  /** Mercator position of the centre. */
  readonly x: number;
  readonly y: number;
  /** Pixels for the whole world's width. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

export const TILE_PX = 512;
export const zoomOf = (view: View): number => Math.log2(view.scale / TILE_PX);
export const scaleOf = (zoom: number): number => TILE_PX * 2 ** zoom;

/** Pixel of a Mercator position; of the world's copies the one nearest to the centre. */
export function toScreen(view: View, x: number, y: number): [number, number] {
  let dx = x - view.x;
  dx -= Math.round(dx);
  return [view.width / 2 + dx * view.scale, view.height / 2 + (y - view.y) * view.scale];
}

/** Latitude and longitude under a pixel. */
export function toLatLon(view: View, px: number, py: number): [number, number] {
  const x = view.x + (px - view.width / 2) / view.scale;
  const y = view.y + (py - view.height / 2) / view.scale;
  return [latitude(y), longitude(x)];
}

/** Metres on the ground for one pixel at the centre. */
export function metresPerPixel(view: View): number {
  const lat = (latitude(view.y) * Math.PI) / 180;
  return (2 * Math.PI * 6_378_137 * Math.cos(lat)) / view.scale;
}

/** The view of the given size that shows all of `bounds` with a margin. */
export function fitted(bounds: Bounds, width: number, height: number, marginPx = 48, maxZoom = 10): View {
  const west = mercatorX(bounds.west_deg);
  let east = mercatorX(bounds.east_deg);
  if (east < west) east += 1;
  const north = mercatorY(bounds.north_deg);
  const south = mercatorY(bounds.south_deg);
  const usableX = Math.max(32, width - 2 * marginPx);
  const usableY = Math.max(32, height - 2 * marginPx);
  const scale = Math.min(
    usableX / Math.max(1e-9, east - west),
    usableY / Math.max(1e-9, south - north),
    scaleOf(maxZoom),
  );
  return { x: (west + east) / 2, y: (north + south) / 2, scale, width, height };
}
