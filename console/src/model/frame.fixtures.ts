/** Frames packed octet by octet after docs/reference/stream.md, with nothing of the decoder, for tests. */

export interface Row {
  readonly track: number;
  readonly lat?: number;
  readonly lon?: number;
  readonly altitudeM?: number;
  readonly vnMps?: number;
  readonly veMps?: number;
  readonly climbMps?: number;
  readonly sigmaM?: number;
  readonly ageS?: number;
  readonly address?: number;
  readonly contributors?: number;
  readonly plots?: number;
  readonly mode3a?: number;
  readonly existence?: number;
  readonly flags?: number;
  readonly callsign?: string;
  readonly origin?: number;
}

interface HeaderFields {
  readonly kind: number;
  readonly timeS?: number;
  readonly sequence?: number;
  readonly count?: number;
  readonly removed?: number;
  readonly points?: number;
  readonly flags?: number;
}

class Octets {
  private readonly view: DataView;
  private at = 0;

  constructor(length: number) {
    this.view = new DataView(new ArrayBuffer(length));
  }

  get buffer(): ArrayBuffer {
    return this.view.buffer as ArrayBuffer;
  }

  u8(value: number): void {
    this.view.setUint8(this.at, value);
    this.at += 1;
  }
  u16(value: number): void {
    this.view.setUint16(this.at, value, true);
    this.at += 2;
  }
  u32(value: number): void {
    this.view.setUint32(this.at, value, true);
    this.at += 4;
  }
  i32(value: number): void {
    this.view.setInt32(this.at, value, true);
    this.at += 4;
  }
  f32(value: number): void {
    this.view.setFloat32(this.at, value, true);
    this.at += 4;
  }
  f64(value: number): void {
    this.view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  header({ kind, timeS = 1000, sequence = 0, count = 0, removed = 0, points = 0, flags = 0 }: HeaderFields): void {
    for (const letter of "ASMN") this.u8(letter.charCodeAt(0));
    this.u16(1);
    this.u8(kind);
    this.u8(flags);
    this.f64(timeS);
    this.u32(sequence);
    this.u32(count);
    this.u32(removed);
    this.u32(points);
    this.f64(0);
  }
}

export function tracksFrame(
  rows: readonly Row[],
  fields: { kind?: 1 | 2; timeS?: number; sequence?: number; removed?: readonly number[]; flags?: number } = {},
): ArrayBuffer {
  const { kind = 2, removed = [], ...rest } = fields;
  const octets = new Octets(40 + 65 * rows.length + 8 * removed.length);
  octets.header({ ...rest, kind, count: rows.length, removed: removed.length });
  for (const row of rows) octets.f64(row.track);
  for (const track of removed) octets.f64(track);
  for (const row of rows) octets.i32(Math.round((row.lat ?? 42) * 1e7));
  for (const row of rows) octets.i32(Math.round((row.lon ?? 74) * 1e7));
  for (const row of rows) octets.f32(row.altitudeM ?? Number.NaN);
  for (const row of rows) octets.f32(row.vnMps ?? 0);
  for (const row of rows) octets.f32(row.veMps ?? 0);
  for (const row of rows) octets.f32(row.climbMps ?? Number.NaN);
  for (const row of rows) octets.f32(row.sigmaM ?? 50);
  for (const row of rows) octets.f32(row.ageS ?? 0);
  for (const row of rows) octets.u32(row.address ?? 0xffffffff);
  for (const row of rows) octets.u32(row.contributors ?? 1);
  for (const row of rows) octets.u32(row.plots ?? 10);
  for (const row of rows) octets.u16(row.mode3a ?? 0xffff);
  for (const row of rows) octets.u8(row.existence ?? 255);
  for (const row of rows) octets.u8(row.flags ?? 1);
  for (const row of rows) {
    for (let k = 0; k < 8; k++) octets.u8((row.callsign ?? "").charCodeAt(k) || 0);
  }
  for (const row of rows) octets.u8(row.origin ?? 0);
  return octets.buffer;
}

export interface Trail {
  readonly track: number;
  readonly points: readonly (readonly [lat: number, lon: number, beforeS: number])[];
}

export function trailsFrame(trails: readonly Trail[], fields: { timeS?: number; sequence?: number } = {}): ArrayBuffer {
  const points = trails.flatMap((trail) => trail.points);
  const octets = new Octets(40 + 12 * trails.length + 12 * points.length);
  octets.header({ ...fields, kind: 3, count: trails.length, points: points.length });
  for (const trail of trails) octets.f64(trail.track);
  let first = 0;
  for (const trail of trails) {
    octets.u32(first);
    first += trail.points.length;
  }
  for (const [lat] of points) octets.i32(Math.round(lat * 1e7));
  for (const [, lon] of points) octets.i32(Math.round(lon * 1e7));
  for (const [, , beforeS] of points) octets.f32(beforeS);
  return octets.buffer;
}
