/** Rows of the track table: only those that the page shows are written out. */

import { Flag, UNKNOWN_ADDRESS, UNKNOWN_MODE_3A } from "../model/frame.ts";
import { addressHex, age, course, flightLevel, speedKt, squawk, trackNumber, trend, verticalRate } from "../model/format.ts";
import { courseSpeed } from "../model/geo.ts";
import { memberOf, type Members } from "../model/members.ts";
import type { Picture } from "../model/picture.ts";
import type { Row } from "./protocol.ts";

export interface RowContext {
  readonly nowS: number;
  /** Names of the sensors whose bits are set. */
  readonly sensorsOf: (bits: number) => string;
  readonly members: Members;
  readonly marks: readonly number[];
}

export function rowOf(picture: Picture, slot: number, { nowS, sensorsOf, members, marks }: RowContext): Row {
  const c = picture.columns;
  const { courseDeg, speedMps } = courseSpeed(c.vnMps[slot]!, c.veMps[slot]!);
  const address = c.address[slot]!;
  const code = c.mode3a[slot]!;
  const flags = c.flags[slot]!;
  const coasting = (flags & Flag.coasting) !== 0;
  const level = flags & Flag.onGround ? "GND" : `${flightLevel(c.altitudeM[slot]!)} ${trend(c.climbMps[slot]!)}`.trimEnd();
  return {
    track: c.track[slot]!,
    cells: [
      trackNumber(c.track[slot]!),
      picture.callsigns[slot] || "–",
      addressHex(address === UNKNOWN_ADDRESS ? null : address),
      squawk(code === UNKNOWN_MODE_3A ? null : code),
      level,
      speedKt(speedMps),
      course(speedMps < 1 ? null : courseDeg),
      verticalRate(c.climbMps[slot]!),
      (coasting ? "C " : "") + age(nowS - c.lastPlotS[slot]!),
      memberOf(members, c.origin[slot]!) || "–",
      sensorsOf(c.contributors[slot]!),
    ],
    coasting,
    simulated: (flags & Flag.simulated) !== 0,
    seen: flags & Flag.onlyWe ? "only-we" : flags & Flag.onlyThey ? "only-they" : "both",
    mark: marks[c.origin[slot]!] ?? -1,
  };
}
