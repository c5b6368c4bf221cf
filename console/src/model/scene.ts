/**
 * What of the picture is drawn: the tracks that pass the filter, on the Mercator square, with their velocity there.
 * Symbols, labels and picking all use these columns, so that they agree on where a track is.
 */

import { latitude, mercatorPerMetre, mercatorX, mercatorY } from "./geo.ts";
import type { Picture } from "./picture.ts";
import type { View } from "./view.ts";

export interface Scene {
  readonly count: number;
  readonly slots: Int32Array;
  /** Mercator position at `timeS`. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Mercator units a second. */
  readonly vx: Float32Array;
  readonly vy: Float32Array;
  readonly timeS: Float64Array;
}

export const EMPTY_SCENE: Scene = buildScene(new Int32Array(0), null);

export function buildScene(slots: Int32Array, picture: Picture | null): Scene {
  const count = slots.length;
  const scene = {
    count,
    slots,
    x: new Float64Array(count),
    y: new Float64Array(count),
    vx: new Float32Array(count),
    vy: new Float32Array(count),
    timeS: new Float64Array(count),
  };
  if (picture === null) return scene;
  const c = picture.columns;
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    const lat = c.latE7[slot]! * 1e-7;
    const perMetre = mercatorPerMetre(lat);
    const vn = c.vnMps[slot]!;
    const ve = c.veMps[slot]!;
    scene.x[i] = mercatorX(c.lonE7[slot]! * 1e-7);
    scene.y[i] = mercatorY(lat);
    scene.vx[i] = Number.isNaN(ve) ? 0 : ve * perMetre;
    scene.vy[i] = Number.isNaN(vn) ? 0 : -vn * perMetre;
    scene.timeS[i] = c.timeS[slot]!;
  }
  return scene;
}

/** Pixel of the i-th track of the scene at the picture's time `nowS`. */
export function screenX(scene: Scene, view: View, i: number, nowS: number): number {
  let dx = scene.x[i]! + scene.vx[i]! * (nowS - scene.timeS[i]!) - view.x;
  dx -= Math.round(dx);
  return view.width / 2 + dx * view.scale;
}

export function screenY(scene: Scene, view: View, i: number, nowS: number): number {
  return view.height / 2 + (scene.y[i]! + scene.vy[i]! * (nowS - scene.timeS[i]!) - view.y) * view.scale;
}

/** Index in the scene of the track nearest to a pixel within `radiusPx`; -1 when there is none. */
export function pick(scene: Scene, view: View, nowS: number, px: number, py: number, radiusPx: number): number {
  let best = -1;
  let bestD2 = radiusPx * radiusPx;
  for (let i = 0; i < scene.count; i++) {
    const dy = screenY(scene, view, i, nowS) - py;
    if (dy * dy > bestD2) continue;
    const dx = screenX(scene, view, i, nowS) - px;
    const d2 = dx * dx + dy * dy;
    if (d2 <= bestD2) {
      bestD2 = d2;
      best = i;
    }
  }
  return best;
}

/** Latitude and longitude in degrees of the i-th track at `nowS`. */
export function positionAt(scene: Scene, i: number, nowS: number): [number, number] {
  const dt = nowS - scene.timeS[i]!;
  return [latitude(scene.y[i]! + scene.vy[i]! * dt), (scene.x[i]! + scene.vx[i]! * dt) * 360 - 180];
}
