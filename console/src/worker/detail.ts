/** All that the picture knows of one track, for the track panel. */

import { UNKNOWN_ADDRESS, UNKNOWN_MODE_3A } from "../model/frame.ts";
import { courseSpeed } from "../model/geo.ts";
import { nameOf } from "../model/labels.ts";
import { memberOf, type Members } from "../model/members.ts";
import type { Picture } from "../model/picture.ts";
import { buildScene, positionAt } from "../model/scene.ts";
import type { Trails } from "../model/trails.ts";
import type { Detail, TrailPoint } from "./protocol.ts";

export function detailOf(picture: Picture, trails: Trails, slot: number, nowS: number, filtered: boolean, members: Members): Detail {
  const c = picture.columns;
  const { courseDeg, speedMps } = courseSpeed(c.vnMps[slot]!, c.veMps[slot]!);
  const [lat, lon] = positionAt(buildScene(Int32Array.of(slot), picture), 0, nowS);
  const address = c.address[slot]!;
  const code = c.mode3a[slot]!;
  return {
    track: c.track[slot]!,
    name: nameOf(picture, slot),
    callsign: picture.callsigns[slot]!,
    address: address === UNKNOWN_ADDRESS ? null : address,
    mode3a: code === UNKNOWN_MODE_3A ? null : code,
    lat,
    lon,
    altitudeM: c.altitudeM[slot]!,
    speedMps,
    courseDeg,
    climbMps: c.climbMps[slot]!,
    sigmaM: c.sigmaM[slot]!,
    existence: c.existence[slot]! / 255,
    plots: c.plots[slot]!,
    lastPlotS: c.lastPlotS[slot]!,
    timeS: nowS,
    contributors: c.contributors[slot]!,
    flags: c.flags[slot]!,
    origin: memberOf(members, c.origin[slot]!),
    droppedS: null,
    filtered,
    trail: trailOf(trails, slot, c.generation[slot]!),
  };
}

function trailOf(trails: Trails, slot: number, generation: number): TrailPoint[] {
  return trails.of(slot, generation).map((i) => ({
    timeS: trails.timeS[i]!,
    lat: trails.latE7[i]! * 1e-7,
    lon: trails.lonE7[i]! * 1e-7,
    altitudeM: trails.altitudeM[i]!,
    speedMps: trails.speedMps[i]!,
  }));
}
