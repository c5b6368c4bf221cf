/** Where things are, for a first view. */

import { latitude, longitude } from "../model/geo.ts";
import type { Bounds, Sensor } from "../model/messages.ts";
import type { TrackStore } from "./track-store.ts";

/** The box around the middle nine tenths of all tracks: a stray one far away must not shrink the rest to a dot. */
export function boundsOfTracks(store: TrackStore): Bounds | null {
  if (store.count === 0) return null;
  const rows = new Float32Array(store.instances);
  const xs = Float32Array.from({ length: store.count }, (_, i) => rows[i * 6]!).toSorted();
  const ys = Float32Array.from({ length: store.count }, (_, i) => rows[i * 6 + 1]!).toSorted();
  const low = Math.floor(store.count * 0.05);
  const high = store.count - 1 - low;
  const { x, y } = store.origin;
  return padded({
    west_deg: longitude(xs[low]! + x),
    east_deg: longitude(xs[high]! + x),
    north_deg: latitude(ys[low]! + y),
    south_deg: latitude(ys[high]! + y),
  });
}

/** Most traffic is seen well inside the instrumented range: this share of it is shown. */
const SHARE_OF_RANGE = 0.6;
const M_PER_DEG = 111_195;

export function boundsOfSensors(sensors: readonly Sensor[]): Bounds | null {
  const sited = sensors.filter((s) => s.lat_deg !== null && s.lon_deg !== null);
  if (sited.length === 0) return null;
  const reaches = sited.map((s) => {
    const north = ((s.range_max_m ?? 200_000) * SHARE_OF_RANGE) / M_PER_DEG;
    return { lat: s.lat_deg!, lon: s.lon_deg!, north, east: north / Math.max(0.1, Math.cos((s.lat_deg! * Math.PI) / 180)) };
  });
  return padded({
    west_deg: Math.min(...reaches.map((r) => r.lon - r.east)),
    east_deg: Math.max(...reaches.map((r) => r.lon + r.east)),
    south_deg: Math.min(...reaches.map((r) => r.lat - r.north)),
    north_deg: Math.max(...reaches.map((r) => r.lat + r.north)),
  });
}

/** At least half a degree each way. */
function padded(b: Bounds): Bounds {
  const east = Math.max(0, 0.25 - (b.east_deg - b.west_deg) / 2);
  const north = Math.max(0, 0.25 - (b.north_deg - b.south_deg) / 2);
  return {
    west_deg: b.west_deg - east,
    east_deg: b.east_deg + east,
    south_deg: b.south_deg - north,
    north_deg: b.north_deg + north,
  };
}
