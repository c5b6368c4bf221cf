/**
 * The air picture as columns: every track has a slot, and a slot keeps its index for the track's whole life.
 * A slot that is freed and used again gets a new generation, so that what still refers to the old one can tell.
 */

import type { TracksFrame } from "./frame.ts";

const FIRST_CAPACITY = 1024;
/** More tracks than this are not taken in; they are counted in `refused`. Sixteen bits of a slot are what trails keep. */
export const MAX_TRACKS = 65_535;

export interface Columns {
  track: Float64Array;
  latE7: Int32Array;
  lonE7: Int32Array;
  altitudeM: Float32Array;
  vnMps: Float32Array;
  veMps: Float32Array;
  climbMps: Float32Array;
  sigmaM: Float32Array;
  address: Uint32Array;
  contributors: Uint32Array;
  plots: Uint32Array;
  mode3a: Uint16Array;
  existence: Uint8Array;
  flags: Uint8Array;
  /** Index in the node's table of members. */
  origin: Uint8Array;
  /** Time of the position, UTC epoch seconds. */
  timeS: Float64Array;
  /** Time of the latest plot, UTC epoch seconds. */
  lastPlotS: Float64Array;
  generation: Uint8Array;
}

function allocate(n: number): Columns {
  return {
    track: new Float64Array(n),
    latE7: new Int32Array(n),
    lonE7: new Int32Array(n),
    altitudeM: new Float32Array(n),
    vnMps: new Float32Array(n),
    veMps: new Float32Array(n),
    climbMps: new Float32Array(n),
    sigmaM: new Float32Array(n),
    address: new Uint32Array(n),
    contributors: new Uint32Array(n),
    plots: new Uint32Array(n),
    mode3a: new Uint16Array(n),
    existence: new Uint8Array(n),
    flags: new Uint8Array(n),
    origin: new Uint8Array(n),
    timeS: new Float64Array(n),
    lastPlotS: new Float64Array(n),
    generation: new Uint8Array(n),
  };
}

export class Picture {
  columns: Columns = allocate(FIRST_CAPACITY);
  /** Slots in use; the order means nothing. */
  readonly slots: number[] = [];
  /** Callsign of each slot, empty where not known. */
  readonly callsigns: string[] = [];
  refused = 0;

  private readonly slotOfTrack = new Map<number, number>();
  private readonly placeOfSlot: number[] = [];
  private readonly free: number[] = [];
  private used = 0;

  get size(): number {
    return this.slots.length;
  }

  /** One more than the highest slot that was ever in use. */
  get slotLimit(): number {
    return this.used;
  }

  slotOf(track: number): number | undefined {
    return this.slotOfTrack.get(track);
  }

  /**
   * Take a snapshot or a delta in. Returns the slots it touched, in row order; -1 for a row that was refused.
   * A track that was there before a snapshot, and is in it, keeps its slot, and so its trail.
   */
  apply(frame: TracksFrame): Int32Array {
    if (frame.kind === "snapshot") this.keepOnly(new Set(frame.track));
    for (const track of frame.removed) this.remove(track);
    const touched = new Int32Array(frame.count);
    for (let row = 0; row < frame.count; row++) {
      const slot = this.slotFor(frame.track[row]!);
      touched[row] = slot;
      if (slot >= 0) this.write(slot, frame, row);
    }
    return touched;
  }

  private keepOnly(tracks: ReadonlySet<number>): void {
    for (const track of this.slotOfTrack.keys()) {
      if (!tracks.has(track)) this.remove(track);
    }
  }

  private write(slot: number, frame: TracksFrame, row: number): void {
    const c = this.columns;
    c.latE7[slot] = frame.latE7[row]!;
    c.lonE7[slot] = frame.lonE7[row]!;
    c.altitudeM[slot] = frame.altitudeM[row]!;
    c.vnMps[slot] = frame.vnMps[row]!;
    c.veMps[slot] = frame.veMps[row]!;
    c.climbMps[slot] = frame.climbMps[row]!;
    c.sigmaM[slot] = frame.sigmaM[row]!;
    c.address[slot] = frame.address[row]!;
    c.contributors[slot] = frame.contributors[row]!;
    c.plots[slot] = frame.plots[row]!;
    c.mode3a[slot] = frame.mode3a[row]!;
    c.existence[slot] = frame.existence[row]!;
    c.flags[slot] = frame.flags[row]!;
    c.origin[slot] = frame.origin[row]!;
    c.timeS[slot] = frame.timeS;
    c.lastPlotS[slot] = frame.timeS - frame.ageS[row]!;
    this.writeCallsign(slot, frame.callsign, row * 8);
  }

  private writeCallsign(slot: number, octets: Uint8Array, at: number): void {
    const held = this.callsigns[slot] ?? "";
    let length = 0;
    let same = true;
    while (length < 8 && octets[at + length] !== 0) {
      if (held.charCodeAt(length) !== octets[at + length]) same = false;
      length++;
    }
    if (same && held.length === length) return;
    let text = "";
    // Anything but printable ASCII is shown as a question mark: a callsign comes from the air, from anybody.
    for (let i = 0; i < length; i++) {
      const code = octets[at + i]!;
      text += code >= 32 && code < 127 ? String.fromCharCode(code) : "?";
    }
    this.callsigns[slot] = text.trimEnd();
  }

  private slotFor(track: number): number {
    const held = this.slotOfTrack.get(track);
    if (held !== undefined) return held;
    let slot = this.free.pop();
    if (slot === undefined) {
      if (this.used >= MAX_TRACKS) {
        this.refused++;
        return -1;
      }
      slot = this.used++;
      if (slot >= this.columns.track.length) this.grow();
    }
    this.columns.track[slot] = track;
    this.callsigns[slot] = "";
    this.slotOfTrack.set(track, slot);
    this.placeOfSlot[slot] = this.slots.length;
    this.slots.push(slot);
    return slot;
  }

  private remove(track: number): void {
    const slot = this.slotOfTrack.get(track);
    if (slot === undefined) return;
    this.slotOfTrack.delete(track);
    const place = this.placeOfSlot[slot]!;
    const last = this.slots.pop()!;
    if (last !== slot) {
      this.slots[place] = last;
      this.placeOfSlot[last] = place;
    }
    this.release(slot);
  }

  private release(slot: number): void {
    this.columns.generation[slot] = (this.columns.generation[slot]! + 1) & 0xff;
    this.free.push(slot);
  }

  private grow(): void {
    const old = this.columns;
    const wider = allocate(old.track.length * 2);
    for (const name of Object.keys(old) as (keyof Columns)[]) wider[name].set(old[name]);
    this.columns = wider;
  }
}
