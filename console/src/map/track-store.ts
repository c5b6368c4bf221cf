/** What the page holds of the picture: the worker's rows as they came, for whichever renderer draws them. */

import { POINT_OCTETS, type Origin } from "../model/instances.ts";
import { TRAIL_CAPACITY } from "../model/trails.ts";
import type { Update } from "../worker/protocol.ts";

interface Batch {
  readonly first: number;
  /** Latest time in it, from the origin's. */
  readonly untilS: number;
}

export class TrackStore {
  origin: Origin = { x: 0, y: 0, timeS: 0 };
  count = 0;
  instances = new ArrayBuffer(0);
  slots: Uint8Array = new Uint8Array(0);
  /** The trails' ring, as on the graphics card. */
  readonly points = new Uint8Array(TRAIL_CAPACITY * POINT_OCTETS);
  /** Points ever added. */
  added = 0;
  private epoch = -1;
  private batches: Batch[] = [];

  take(update: Update): void {
    if (update.epoch !== this.epoch) {
      this.epoch = update.epoch;
      this.added = 0;
      this.batches = [];
    }
    this.origin = update.origin;
    this.count = update.shown;
    this.instances = update.instances;
    this.slots = update.slots;
    this.takePoints(update.points.first, new Uint8Array(update.points.buffer));
  }

  private takePoints(first: number, rows: Uint8Array): void {
    const count = rows.length / POINT_OCTETS;
    if (count === 0) return;
    for (const piece of ringPieces(first, count)) {
      const from = (piece.first - first) * POINT_OCTETS;
      this.points.set(rows.subarray(from, from + piece.count * POINT_OCTETS), piece.at * POINT_OCTETS);
    }
    const floats = new Float32Array(rows.buffer);
    let untilS = -Infinity;
    for (let i = 0; i < count; i++) untilS = Math.max(untilS, floats[i * 4 + 2]!);
    this.batches.push({ first, untilS });
    this.added = first + count;
    const oldest = this.added - TRAIL_CAPACITY;
    while (this.batches.length > 1 && this.batches[1]!.first <= oldest) this.batches.shift();
  }

  /** Where in the ring the points that are no older than `sinceS` (from the origin's time) lie; a few older may be among them. */
  recent(sinceS: number): { at: number; count: number }[] {
    const batch = this.batches.find((b) => b.untilS >= sinceS);
    if (batch === undefined) return [];
    const first = Math.max(batch.first, this.added - TRAIL_CAPACITY);
    return ringPieces(first, this.added - first);
  }
}

/** A run of points as at most two runs of places in the ring. */
export function ringPieces(first: number, count: number): { first: number; at: number; count: number }[] {
  const at = first % TRAIL_CAPACITY;
  const head = Math.min(count, TRAIL_CAPACITY - at);
  const pieces = [{ first, at, count: head }];
  if (count > head) pieces.push({ first: first + head, at: 0, count: count - head });
  return pieces.filter((piece) => piece.count > 0);
}
