/** Order of the track table. Tracks without the value stand last whichever way it is sorted; ties go by number. */

import { UNKNOWN_ADDRESS, UNKNOWN_MODE_3A } from "./frame.ts";
import { courseSpeed } from "./geo.ts";
import { NO_ORIGIN } from "./members.ts";
import type { Picture } from "./picture.ts";

export const COLUMNS = [
  "track", "callsign", "address", "mode3a", "level", "speed", "course", "climb", "age", "origin", "sensors",
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  readonly column: Column;
  readonly descending: boolean;
}

export function popcount(bits: number): number {
  let n = 0;
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) n++;
  return n;
}

/** Number to sort a slot by; NaN where not known. */
function keyOf(picture: Picture, column: Column, slot: number): number {
  const c = picture.columns;
  switch (column) {
    case "address":
      return c.address[slot] === UNKNOWN_ADDRESS ? Number.NaN : c.address[slot]!;
    case "mode3a":
      return c.mode3a[slot] === UNKNOWN_MODE_3A ? Number.NaN : c.mode3a[slot]!;
    case "level":
      return c.altitudeM[slot]!;
    case "speed":
      return Math.hypot(c.vnMps[slot]!, c.veMps[slot]!);
    case "course":
      return courseSpeed(c.vnMps[slot]!, c.veMps[slot]!).courseDeg;
    case "climb":
      return c.climbMps[slot]!;
    case "age":
      return -c.lastPlotS[slot]!;
    case "origin":
      return c.origin[slot] === NO_ORIGIN ? Number.NaN : c.origin[slot]!;
    case "sensors":
      return popcount(c.contributors[slot]!);
    default:
      return c.track[slot]!;
  }
}

/** The slots in order. */
export function sortSlots(picture: Picture, slots: Int32Array, order: Order): Int32Array {
  const sign = order.descending ? -1 : 1;
  const track = picture.columns.track;
  const byNumber = (a: number, b: number): number => track[a]! - track[b]!;
  if (order.column === "callsign") {
    const names = picture.callsigns;
    return slots.toSorted((a, b) => {
      const x = names[a]!;
      const y = names[b]!;
      if (x === y) return byNumber(a, b);
      if (x === "") return 1;
      if (y === "") return -1;
      return x < y ? -sign : sign;
    });
  }
  const key = new Float64Array(picture.slotLimit);
  for (const slot of slots) key[slot] = keyOf(picture, order.column, slot);
  return slots.toSorted((a, b) => {
    const x = key[a]!;
    const y = key[b]!;
    if (Number.isNaN(x)) return Number.isNaN(y) ? byNumber(a, b) : 1;
    if (Number.isNaN(y)) return -1;
    return x === y ? byNumber(a, b) : sign * (x - y);
  });
}
