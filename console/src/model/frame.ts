/**
 * Binary frames of `WS /api/stream`, as docs/reference/stream.md lays them out: a header of 40 octets, then columns.
 * The columns become typed arrays over the received octets; nothing is copied or parsed.
 */

export const MAGIC = 0x4e4d5341;
export const VERSION = 1;
export const HEADER_OCTETS = 40;
export const UNKNOWN_ADDRESS = 0xffffffff;
export const UNKNOWN_MODE_3A = 0xffff;

/** The last two are this console's own: of a picture laid over another (model/viewed.ts). */
export const Flag = { confirmed: 1, coasting: 2, onGround: 4, simulated: 8, onlyWe: 16, onlyThey: 32 } as const;

const KIND_SNAPSHOT = 1;
const KIND_DELTA = 2;
const KIND_TRAILS = 3;
const TRACK_ROW_OCTETS = 65;

interface Header {
  readonly simulated: boolean;
  readonly timeS: number;
  readonly sequence: number;
  readonly count: number;
}

export interface TracksFrame extends Header {
  readonly kind: "snapshot" | "delta";
  readonly track: Float64Array;
  readonly removed: Float64Array;
  readonly latE7: Int32Array;
  readonly lonE7: Int32Array;
  readonly altitudeM: Float32Array;
  readonly vnMps: Float32Array;
  readonly veMps: Float32Array;
  readonly climbMps: Float32Array;
  readonly sigmaM: Float32Array;
  readonly ageS: Float32Array;
  readonly address: Uint32Array;
  readonly contributors: Uint32Array;
  readonly plots: Uint32Array;
  readonly mode3a: Uint16Array;
  readonly existence: Uint8Array;
  readonly flags: Uint8Array;
  /** Eight octets a row. */
  readonly callsign: Uint8Array;
  /** Index in the node's table of members. */
  readonly origin: Uint8Array;
}

export interface TrailsFrame extends Header {
  readonly kind: "trails";
  readonly track: Float64Array;
  /** Index of each track's first point; a track's points end where the next one's begin. */
  readonly first: Uint32Array;
  readonly latE7: Int32Array;
  readonly lonE7: Int32Array;
  /** Seconds before the header's time. */
  readonly beforeS: Float32Array;
}

export type Frame = TracksFrame | TrailsFrame;

/** The octets received are not a frame of this protocol. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Views of consecutive columns over one buffer. */
class Columns {
  constructor(
    private readonly buffer: ArrayBuffer,
    private offset: number,
  ) {}

  f64(length: number): Float64Array {
    return new Float64Array(this.buffer, this.advance(8 * length), length);
  }
  f32(length: number): Float32Array {
    return new Float32Array(this.buffer, this.advance(4 * length), length);
  }
  i32(length: number): Int32Array {
    return new Int32Array(this.buffer, this.advance(4 * length), length);
  }
  u32(length: number): Uint32Array {
    return new Uint32Array(this.buffer, this.advance(4 * length), length);
  }
  u16(length: number): Uint16Array {
    return new Uint16Array(this.buffer, this.advance(2 * length), length);
  }
  u8(length: number): Uint8Array {
    return new Uint8Array(this.buffer, this.advance(length), length);
  }
  private advance(octets: number): number {
    const at = this.offset;
    this.offset += octets;
    return at;
  }
}

/** Decode one frame. Throws FrameError that names what was needed and what was there. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER_OCTETS) {
    throw new FrameError(`a frame has at least ${HEADER_OCTETS} octets, this one ${buffer.byteLength}`);
  }
  const view = new DataView(buffer);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) throw new FrameError(`magic is 0x${magic.toString(16)}, not 0x${MAGIC.toString(16)}`);
  const version = view.getUint16(4, true);
  if (version !== VERSION) throw new FrameError(`version ${version}; this console speaks ${VERSION}`);
  const timeS = view.getFloat64(8, true);
  if (!Number.isFinite(timeS)) throw new FrameError("the picture's time is not a number");
  const header: Header = {
    simulated: (view.getUint8(7) & 1) !== 0,
    timeS,
    sequence: view.getUint32(16, true),
    count: view.getUint32(20, true),
  };
  const kind = view.getUint8(6);
  if (kind === KIND_SNAPSHOT || kind === KIND_DELTA) {
    return tracks(buffer, header, kind === KIND_SNAPSHOT ? "snapshot" : "delta", view.getUint32(24, true));
  }
  if (kind === KIND_TRAILS) return trails(buffer, header, view.getUint32(28, true));
  throw new FrameError(`kind ${kind} is none of 1, 2, 3`);
}

function needOctets(buffer: ArrayBuffer, needed: number, what: string): void {
  if (buffer.byteLength !== needed) {
    throw new FrameError(`${what} need ${needed} octets, the frame has ${buffer.byteLength}`);
  }
}

function tracks(buffer: ArrayBuffer, header: Header, kind: TracksFrame["kind"], removed: number): TracksFrame {
  const { count } = header;
  needOctets(buffer, HEADER_OCTETS + TRACK_ROW_OCTETS * count + 8 * removed, `${count} tracks and ${removed} removed`);
  const column = new Columns(buffer, HEADER_OCTETS);
  return {
    ...header,
    kind,
    track: column.f64(count),
    removed: column.f64(removed),
    latE7: column.i32(count),
    lonE7: column.i32(count),
    altitudeM: column.f32(count),
    vnMps: column.f32(count),
    veMps: column.f32(count),
    climbMps: column.f32(count),
    sigmaM: column.f32(count),
    ageS: column.f32(count),
    address: column.u32(count),
    contributors: column.u32(count),
    plots: column.u32(count),
    mode3a: column.u16(count),
    existence: column.u8(count),
    flags: column.u8(count),
    callsign: column.u8(8 * count),
    origin: column.u8(count),
  };
}

function trails(buffer: ArrayBuffer, header: Header, points: number): TrailsFrame {
  const { count } = header;
  needOctets(buffer, HEADER_OCTETS + 12 * count + 12 * points, `trails of ${count} tracks with ${points} points`);
  const column = new Columns(buffer, HEADER_OCTETS);
  const frame: TrailsFrame = {
    ...header,
    kind: "trails",
    track: column.f64(count),
    first: column.u32(count),
    latE7: column.i32(points),
    lonE7: column.i32(points),
    beforeS: column.f32(points),
  };
  let previous = 0;
  for (const first of frame.first) {
    if (first < previous || first > points) throw new FrameError(`a trail begins at point ${first} of ${points}`);
    previous = first;
  }
  return frame;
}
