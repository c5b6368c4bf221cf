/**
 * History of all tracks: one ring of points for the whole picture, so that what it costs is bounded and the graphics
 * card is sent only what is new. A point knows its track's slot and that slot's generation.
 *
 * At most one point a track every `spacingS`; with many tracks the spacing widens, so that the ring still reaches
 * back over `reachS`. A point that is overwritten before it is that old is counted in `overwritten`.
 */

export const TRAIL_CAPACITY = 1 << 19;
const SPACING_S = 4;

export class Trails {
  readonly latE7: Int32Array;
  readonly lonE7: Int32Array;
  readonly timeS: Float64Array;
  readonly altitudeM: Float32Array;
  readonly speedMps: Float32Array;
  readonly slot: Uint16Array;
  readonly generation: Uint8Array;
  /** Points ever added since the last `clear`; the ring's head is this modulo its capacity. */
  added = 0;
  overwritten = 0;

  private lastPointS = new Float64Array(0);
  private lastGeneration = new Uint8Array(0);

  constructor(
    readonly capacity: number = TRAIL_CAPACITY,
    readonly reachS: number = 600,
  ) {
    this.latE7 = new Int32Array(capacity);
    this.lonE7 = new Int32Array(capacity);
    this.timeS = new Float64Array(capacity);
    this.altitudeM = new Float32Array(capacity);
    this.speedMps = new Float32Array(capacity);
    this.slot = new Uint16Array(capacity);
    this.generation = new Uint8Array(capacity);
  }

  clear(): void {
    this.added = 0;
    this.lastPointS.fill(-Infinity);
  }

  get length(): number {
    return Math.min(this.added, this.capacity);
  }

  spacingS(tracks: number): number {
    return Math.max(SPACING_S, (tracks * this.reachS) / this.capacity);
  }

  /** Add a point unless the track's last one is nearer in time than `spacingS`. */
  offer(
    slot: number,
    generation: number,
    timeS: number,
    latE7: number,
    lonE7: number,
    altitudeM: number,
    speedMps: number,
    spacingS: number,
  ): boolean {
    if (slot >= this.lastPointS.length) this.widen(slot);
    const same = this.lastGeneration[slot] === generation;
    if (same && timeS < this.lastPointS[slot]! + spacingS) return false;
    this.lastPointS[slot] = timeS;
    this.lastGeneration[slot] = generation;
    this.push(slot, generation, timeS, latE7, lonE7, altitudeM, speedMps);
    return true;
  }

  /** Add a point of the past, whatever the spacing. */
  push(
    slot: number,
    generation: number,
    timeS: number,
    latE7: number,
    lonE7: number,
    altitudeM = Number.NaN,
    speedMps = Number.NaN,
  ): void {
    const at = this.added % this.capacity;
    if (this.added >= this.capacity && timeS - this.timeS[at]! < this.reachS) this.overwritten++;
    this.latE7[at] = latE7;
    this.lonE7[at] = lonE7;
    this.timeS[at] = timeS;
    this.altitudeM[at] = altitudeM;
    this.speedMps[at] = speedMps;
    this.slot[at] = slot;
    this.generation[at] = generation;
    this.added++;
  }

  /** Indices of one track's points in order of time. */
  of(slot: number, generation: number): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.length; i++) {
      if (this.slot[i] === slot && this.generation[i] === generation) found.push(i);
    }
    return found.toSorted((a, b) => this.timeS[a]! - this.timeS[b]!);
  }

  private widen(slot: number): void {
    const size = Math.max(1024, 2 ** Math.ceil(Math.log2(slot + 1)));
    const times = new Float64Array(size).fill(-Infinity);
    times.set(this.lastPointS);
    const generations = new Uint8Array(size);
    generations.set(this.lastGeneration);
    this.lastPointS = times;
    this.lastGeneration = generations;
  }
}
