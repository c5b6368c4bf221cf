/**
 * Rows for the graphics card, one a track: 24 octets of
 *
 *     f32 x, y     Mercator, from the picture's origin (which keeps 32 bits exact enough for a metre)
 *     f32 vx, vy   Mercator units a second
 *     f32 t        seconds, time of the position from the picture's reference time
 *     u8  cell     symbol in the atlas
 *     u8  fresh    255 = a plot just now, 0 = older than `FADED_S`
 *     u8  bits     1 coasting, 2 another member does not see it
 *     u8  mark     of the member whose it is, from 1 on; 0 = none
 *
 * and for trails, one a point: 16 octets of f32 x, y; f32 t; u16 slot; u8 generation; u8 unused.
 */

import { Flag } from "./frame.ts";
import { mercatorX, mercatorY } from "./geo.ts";
import { SHAPES } from "./members.ts";
import type { Picture } from "./picture.ts";
import type { Scene } from "./scene.ts";
import type { Trails } from "./trails.ts";

export const INSTANCE_OCTETS = 24;
export const POINT_OCTETS = 16;
/** Age of the latest plot at which a symbol is as dim as it gets: five turns of a slow en-route radar. */
export const FADED_S = 60;

export const Cell = { track: 0, coasting: 1, ground: 2, tentative: 3 } as const;
/** Cells of simulated tracks stand this far behind. */
export const SIMULATED_CELLS = 4;
/** Members' marks follow the symbols: shapes, then badges with their letters, one a mark. */
export const SHAPE_CELLS = 8;
export const BADGE_CELLS = SHAPE_CELLS + SHAPES.length;
export const CELLS = BADGE_CELLS + SHAPES.length;

/** What floats on the graphics card are measured from. */
export interface Origin {
  readonly x: number;
  readonly y: number;
  readonly timeS: number;
}

export function cellOf(flags: number): number {
  let cell: number = Cell.track;
  if (!(flags & Flag.confirmed)) cell = Cell.tentative;
  else if (flags & Flag.onGround) cell = Cell.ground;
  else if (flags & (Flag.coasting | Flag.onlyWe)) cell = Cell.coasting;
  return flags & Flag.simulated ? cell + SIMULATED_CELLS : cell;
}

/** `marks` holds the mark of each member of the node's table. */
export function buildInstances(scene: Scene, picture: Picture, origin: Origin, nowS: number, marks: readonly number[]): ArrayBuffer {
  const buffer = new ArrayBuffer(scene.count * INSTANCE_OCTETS);
  const floats = new Float32Array(buffer);
  const octets = new Uint8Array(buffer);
  const { flags, lastPlotS, origin: member } = picture.columns;
  for (let i = 0; i < scene.count; i++) {
    const slot = scene.slots[i]!;
    const f = i * 6;
    floats[f] = scene.x[i]! - origin.x;
    floats[f + 1] = scene.y[i]! - origin.y;
    floats[f + 2] = scene.vx[i]!;
    floats[f + 3] = scene.vy[i]!;
    floats[f + 4] = scene.timeS[i]! - origin.timeS;
    const o = i * INSTANCE_OCTETS + 20;
    octets[o] = cellOf(flags[slot]!);
    octets[o + 1] = 255 * Math.max(0, Math.min(1, 1 - (nowS - lastPlotS[slot]!) / FADED_S));
    octets[o + 2] = (flags[slot]! & Flag.coasting ? 1 : 0) | (flags[slot]! & Flag.onlyWe ? 2 : 0);
    octets[o + 3] = (marks[member[slot]!] ?? -1) + 1;
  }
  return buffer;
}

/** Rows of the trail points that were added after `from`; at most a whole ring of them. */
export function buildPoints(trails: Trails, from: number, origin: Origin): { first: number; buffer: ArrayBuffer } {
  const first = Math.max(from, trails.added - trails.capacity);
  const count = trails.added - first;
  const buffer = new ArrayBuffer(count * POINT_OCTETS);
  const floats = new Float32Array(buffer);
  const words = new Uint16Array(buffer);
  for (let i = 0; i < count; i++) {
    const at = (first + i) % trails.capacity;
    floats[i * 4] = mercatorX(trails.lonE7[at]! * 1e-7) - origin.x;
    floats[i * 4 + 1] = mercatorY(trails.latE7[at]! * 1e-7) - origin.y;
    floats[i * 4 + 2] = trails.timeS[at]! - origin.timeS;
    words[i * 8 + 6] = trails.slot[at]!;
    words[i * 8 + 7] = trails.generation[at]!;
  }
  return { first, buffer };
}

/** Two octets a slot: generation, and 255 when its trail is to be seen. */
export function buildSlotTable(scene: Scene, picture: Picture): Uint8Array {
  const table = new Uint8Array(picture.slotLimit * 2);
  const generation = picture.columns.generation;
  for (const slot of scene.slots) {
    table[slot * 2] = generation[slot]!;
    table[slot * 2 + 1] = 255;
  }
  return table;
}
