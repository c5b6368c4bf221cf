/** What a label says: who, then how high and how fast. Short, because space on the map is what operators lack. */

import { Flag, UNKNOWN_MODE_3A } from "./frame.ts";
import { age, flightLevel, speedKt, squawk, trackNumber, trend } from "./format.ts";
import type { Picture } from "./picture.ts";

/** Callsign, else Mode 3/A code, else the track number. */
export function nameOf(picture: Picture, slot: number): string {
  const callsign = picture.callsigns[slot];
  if (callsign) return callsign;
  const code = picture.columns.mode3a[slot]!;
  return code === UNKNOWN_MODE_3A ? `#${trackNumber(picture.columns.track[slot]!)}` : squawk(code);
}

export function labelLines(picture: Picture, slot: number, nowS: number): [string, string] {
  const c = picture.columns;
  const flags = c.flags[slot]!;
  const coasting = flags & Flag.coasting ? ` C${age(nowS - c.lastPlotS[slot]!).replace(" ", "")}` : "";
  const altitude = c.altitudeM[slot]!;
  const speed = speedKt(Math.hypot(c.vnMps[slot]!, c.veMps[slot]!));
  const height = flags & Flag.onGround ? "GND" : flightLevel(altitude) + trend(c.climbMps[slot]!);
  return [nameOf(picture, slot) + coasting, `${height} ${speed}`];
}
