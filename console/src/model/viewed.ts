/**
 * The picture as another member may see it, laid over our own: which tracks both see, which only we, which only they.
 *
 * A view is a closed world with numbers of its own, so tracks are compared by what they are: the same aircraft address,
 * else the nearest within `NEAR_M` whose height and code do not speak against it. Rows of both carry *their* position,
 * which may be coarser or older, under *our* number; a track that only they have stands under the negative of theirs.
 */

import { Flag, UNKNOWN_ADDRESS, UNKNOWN_MODE_3A, type TracksFrame } from "./frame.ts";
import { NO_ORIGIN, type Members } from "./members.ts";
import type { Picture } from "./picture.ts";

export const NEAR_M = 5000;
const NEAR_LEVEL_M = 600;
const M_PER_DEG = 111_195;

export interface ViewedTrack {
  readonly number: number;
  readonly timeS: number;
  readonly lat: number;
  readonly lon: number;
  readonly altitudeM: number;
  readonly vnMps: number;
  readonly veMps: number;
  readonly climbMps: number;
  readonly sigmaM: number;
  readonly existence: number;
  readonly address: number;
  readonly mode3a: number;
  readonly callsign: string;
  readonly origin: string;
}

export interface Seen {
  readonly both: number;
  readonly onlyWe: number;
  readonly onlyThey: number;
  /** Their own tracks among ours: they have them without us. */
  readonly theirs: number;
}

/** The answer is not a view. */
export class ViewError extends Error {
  override readonly name = "ViewError";
}

const numberOr = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);

/** Tracks of a GeoJSON answer, and the reason that it gives for being empty. Throws ViewError. */
export function readView(answer: unknown): { tracks: ViewedTrack[]; reason: string } {
  const { features, reason } = (answer ?? {}) as { features?: unknown; reason?: unknown };
  if (!Array.isArray(features)) throw new ViewError("the node's answer has no features");
  return { tracks: features.map(readTrack), reason: typeof reason === "string" ? reason : "" };
}

function readTrack(feature: unknown): ViewedTrack {
  const { geometry, properties } = (feature ?? {}) as { geometry?: { coordinates?: unknown }; properties?: Record<string, unknown> };
  const at = geometry?.coordinates;
  if (!Array.isArray(at) || typeof at[0] !== "number" || typeof at[1] !== "number" || !properties) {
    throw new ViewError("a feature of the node's answer has no place");
  }
  const [lon, lat] = at as [number, number];
  const variance = Math.max(numberOr(properties["var_e_m2"], Number.NaN), numberOr(properties["var_n_m2"], Number.NaN));
  return {
    number: numberOr(properties["track"], 0),
    timeS: Date.parse(String(properties["time"])) / 1000,
    lat,
    lon,
    altitudeM: numberOr(properties["altitude_m"], Number.NaN),
    vnMps: numberOr(properties["vn_mps"], Number.NaN),
    veMps: numberOr(properties["ve_mps"], Number.NaN),
    climbMps: numberOr(properties["climb_mps"], Number.NaN),
    sigmaM: Math.sqrt(variance),
    existence: numberOr(properties["existence"], 1),
    address: numberOr(properties["address"], UNKNOWN_ADDRESS),
    mode3a: numberOr(properties["mode_3a"], UNKNOWN_MODE_3A),
    callsign: typeof properties["callsign"] === "string" ? properties["callsign"] : "",
    origin: typeof properties["origin"] === "string" ? properties["origin"] : "",
  };
}

/** Own slot of each viewed track; -1 for one that only they have. No slot twice. */
export function matched(own: Picture, tracks: readonly ViewedTrack[], nowS: number): Int32Array {
  const found = new Int32Array(tracks.length).fill(-1);
  const near = new Nearness(own, nowS);
  const pairs: { distance: number; row: number; slot: number }[] = [];
  tracks.forEach((track, row) => {
    for (const slot of near.candidates(track)) {
      const distance = near.distance(track, slot);
      if (distance < Infinity) pairs.push({ distance, row, slot });
    }
  });
  const taken = new Set<number>();
  for (const { row, slot } of pairs.toSorted((a, b) => a.distance - b.distance)) {
    if (found[row]! >= 0 || taken.has(slot)) continue;
    found[row] = slot;
    taken.add(slot);
  }
  return found;
}

/** Own tracks by address and by place. */
class Nearness {
  private readonly byAddress = new Map<number, number[]>();
  private readonly byCell = new Map<string, number[]>();

  constructor(
    private readonly own: Picture,
    private readonly nowS: number,
  ) {
    const { address } = own.columns;
    for (const slot of own.slots) {
      if (address[slot] !== UNKNOWN_ADDRESS) push(this.byAddress, address[slot]!, slot);
      const [lat, lon] = this.place(slot);
      push(this.byCell, cell(lat, lon, 0, 0), slot);
    }
  }

  candidates(track: ViewedTrack): number[] {
    const same = track.address === UNKNOWN_ADDRESS ? undefined : this.byAddress.get(track.address);
    if (same) return same;
    const [lat, lon] = moved(track.lat, track.lon, track.vnMps, track.veMps, this.nowS - track.timeS);
    const found: number[] = [];
    for (const north of [-1, 0, 1]) for (const east of [-1, 0, 1]) found.push(...(this.byCell.get(cell(lat, lon, north, east)) ?? []));
    return found;
  }

  /** Metres; less than a metre for the same address, Infinity for what cannot be the same. */
  distance(track: ViewedTrack, slot: number): number {
    const c = this.own.columns;
    const [lat, lon] = moved(track.lat, track.lon, track.vnMps, track.veMps, this.nowS - track.timeS);
    const [ownLat, ownLon] = this.place(slot);
    const metres = Math.hypot(lat - ownLat, (lon - ownLon) * Math.cos((lat * Math.PI) / 180)) * M_PER_DEG;
    const [address, code] = [c.address[slot]!, c.mode3a[slot]!];
    if (track.address !== UNKNOWN_ADDRESS && track.address === address) return metres / 1e9;
    const otherwise =
      (track.address !== UNKNOWN_ADDRESS && address !== UNKNOWN_ADDRESS) ||
      (track.mode3a !== UNKNOWN_MODE_3A && code !== UNKNOWN_MODE_3A && track.mode3a !== code) ||
      Math.abs(track.altitudeM - c.altitudeM[slot]!) > NEAR_LEVEL_M;
    return otherwise || metres > NEAR_M ? Infinity : metres;
  }

  private place(slot: number): [number, number] {
    const c = this.own.columns;
    return moved(c.latE7[slot]! * 1e-7, c.lonE7[slot]! * 1e-7, c.vnMps[slot]!, c.veMps[slot]!, this.nowS - c.timeS[slot]!);
  }
}

function moved(lat: number, lon: number, vn: number, ve: number, seconds: number): [number, number] {
  const dt = Number.isFinite(seconds) ? seconds : 0;
  const north = ((Number.isNaN(vn) ? 0 : vn) * dt) / M_PER_DEG;
  const east = ((Number.isNaN(ve) ? 0 : ve) * dt) / (M_PER_DEG * Math.max(0.05, Math.cos((lat * Math.PI) / 180)));
  return [lat + north, lon + east];
}

const CELL_DEG = 0.1;
/** Cells grow narrow towards the poles; at 60° a cell is still wider than `NEAR_M`. */
const cell = (lat: number, lon: number, north: number, east: number): string =>
  `${Math.floor(lat / CELL_DEG) + north} ${Math.floor(lon / (2 * CELL_DEG)) + east}`;

function push<K>(map: Map<K, number[]>, key: K, value: number): void {
  const held = map.get(key);
  if (held) held.push(value);
  else map.set(key, [value]);
}

/**
 * Both pictures as one frame: `Flag.onlyWe` and `Flag.onlyThey` say which rows are not both's. What `member` itself is
 * responsible for it has from its own sensors, whatever we give it.
 */
export function laidOver(own: Picture, tracks: readonly ViewedTrack[], member: string, members: Members, nowS: number): { frame: TracksFrame; seen: Seen } {
  const slots = matched(own, tracks, nowS);
  const shared = new Set(slots);
  const missing = own.slots.filter((slot) => !shared.has(slot));
  const count = tracks.length + missing.length;
  const frame = emptyFrame(count, nowS);
  let onlyThey = 0;
  tracks.forEach((track, row) => {
    const slot = slots[row]!;
    if (slot < 0) onlyThey++;
    writeViewed(frame, row, track, slot < 0 ? null : { picture: own, slot }, members, nowS);
  });
  const viewer = members.indexOf(member);
  let theirs = 0;
  missing.forEach((slot, k) => {
    const its = viewer >= 0 && own.columns.origin[slot] === viewer;
    if (its) theirs++;
    writeOwn(frame, tracks.length + k, own, slot, its ? 0 : Flag.onlyWe, nowS);
  });
  return { frame, seen: { both: tracks.length - onlyThey, onlyWe: missing.length - theirs, onlyThey, theirs } };
}

function emptyFrame(count: number, timeS: number): TracksFrame {
  return {
    kind: "snapshot", simulated: false, timeS, sequence: 0, count, removed: new Float64Array(0),
    track: new Float64Array(count), latE7: new Int32Array(count), lonE7: new Int32Array(count),
    altitudeM: new Float32Array(count), vnMps: new Float32Array(count), veMps: new Float32Array(count),
    climbMps: new Float32Array(count), sigmaM: new Float32Array(count), ageS: new Float32Array(count),
    address: new Uint32Array(count), contributors: new Uint32Array(count), plots: new Uint32Array(count),
    mode3a: new Uint16Array(count), existence: new Uint8Array(count), flags: new Uint8Array(count),
    callsign: new Uint8Array(8 * count), origin: new Uint8Array(count),
  };
}

type OwnSlot = { readonly picture: Picture; readonly slot: number } | null;

function writeViewed(frame: TracksFrame, row: number, track: ViewedTrack, own: OwnSlot, members: Members, nowS: number): void {
  const ours = own?.picture.columns;
  const [lat, lon] = moved(track.lat, track.lon, track.vnMps, track.veMps, nowS - track.timeS);
  const origin = members.indexOf(track.origin);
  frame.track[row] = own && ours ? ours.track[own.slot]! : -track.number;
  frame.latE7[row] = Math.round(lat * 1e7);
  frame.lonE7[row] = Math.round(lon * 1e7);
  frame.altitudeM[row] = track.altitudeM;
  frame.vnMps[row] = track.vnMps;
  frame.veMps[row] = track.veMps;
  frame.climbMps[row] = track.climbMps;
  frame.sigmaM[row] = track.sigmaM;
  frame.ageS[row] = Math.max(0, nowS - track.timeS);
  frame.address[row] = track.address;
  frame.mode3a[row] = track.mode3a;
  frame.existence[row] = Math.round(255 * track.existence);
  // What a view says of state (on the ground, simulated) is what we know of the same aircraft.
  const known = own && ours ? ours.flags[own.slot]! & (Flag.onGround | Flag.simulated) : 0;
  frame.flags[row] = Flag.confirmed | known | (own ? 0 : Flag.onlyThey);
  frame.origin[row] = origin < 0 ? NO_ORIGIN : origin;
  for (let k = 0; k < 8; k++) frame.callsign[row * 8 + k] = track.callsign.charCodeAt(k) || 0;
}

function writeOwn(frame: TracksFrame, row: number, own: Picture, slot: number, flag: number, nowS: number): void {
  const c = own.columns;
  const [lat, lon] = moved(c.latE7[slot]! * 1e-7, c.lonE7[slot]! * 1e-7, c.vnMps[slot]!, c.veMps[slot]!, nowS - c.timeS[slot]!);
  frame.latE7[row] = Math.round(lat * 1e7);
  frame.lonE7[row] = Math.round(lon * 1e7);
  for (const name of ["track", "altitudeM", "vnMps", "veMps", "climbMps", "sigmaM", "address", "contributors", "plots", "mode3a", "existence", "origin"] as const) {
    frame[name][row] = c[name][slot]!;
  }
  frame.ageS[row] = nowS - c.lastPlotS[slot]!;
  frame.flags[row] = c.flags[slot]! | flag;
  const callsign = own.callsigns[slot] ?? "";
  for (let k = 0; k < 8; k++) frame.callsign[row * 8 + k] = callsign.charCodeAt(k) || 0;
}
