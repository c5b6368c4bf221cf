/**
 * Positions on the Web-Mercator square (0..1, y down) that maps are drawn on, and distances on the sphere of the
 * Earth's mean radius: good to 0.5 %, enough for reading a display, never used to track.
 */

export const EARTH_RADIUS_M = 6_371_008.8;
const EQUATOR_M = 2 * Math.PI * 6_378_137;
const RADIANS = Math.PI / 180;
const MAX_LAT_DEG = 85.051129;

export const mercatorX = (lonDeg: number): number => (lonDeg + 180) / 360;

export function mercatorY(latDeg: number): number {
  const lat = Math.max(-MAX_LAT_DEG, Math.min(MAX_LAT_DEG, latDeg)) * RADIANS;
  return 0.5 - Math.asinh(Math.tan(lat)) / (2 * Math.PI);
}

export const longitude = (x: number): number => x * 360 - 180;

export const latitude = (y: number): number => Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) / RADIANS;

/** Mercator units per metre at a latitude. */
export const mercatorPerMetre = (latDeg: number): number => 1 / (EQUATOR_M * Math.max(0.02, Math.cos(latDeg * RADIANS)));

/** Longitude brought into -180..180. */
export const wrapLongitude = (lonDeg: number): number => ((((lonDeg + 180) % 360) + 360) % 360) - 180;

/** Great-circle distance in metres and initial bearing in degrees clockwise from true north. */
export function rangeBearing(
  lat0Deg: number,
  lon0Deg: number,
  lat1Deg: number,
  lon1Deg: number,
): { rangeM: number; bearingDeg: number } {
  const a = lat0Deg * RADIANS;
  const b = lat1Deg * RADIANS;
  const dLon = (lon1Deg - lon0Deg) * RADIANS;
  const h = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(dLon / 2) ** 2;
  const bearing = Math.atan2(
    Math.sin(dLon) * Math.cos(b),
    Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(dLon),
  );
  return {
    rangeM: 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h))),
    bearingDeg: (bearing / RADIANS + 360) % 360,
  };
}

/** The point at a great-circle distance and bearing: [latitude, longitude] in degrees. */
export function destination(latDeg: number, lonDeg: number, rangeM: number, bearingDeg: number): [number, number] {
  const d = rangeM / EARTH_RADIUS_M;
  const a = latDeg * RADIANS;
  const bearing = bearingDeg * RADIANS;
  const sinLat = Math.sin(a) * Math.cos(d) + Math.cos(a) * Math.sin(d) * Math.cos(bearing);
  const lat = Math.asin(Math.max(-1, Math.min(1, sinLat)));
  const dLon = Math.atan2(Math.sin(bearing) * Math.sin(d) * Math.cos(a), Math.cos(d) - Math.sin(a) * sinLat);
  return [lat / RADIANS, lonDeg + dLon / RADIANS];
}

/** Course over ground in degrees from true north, and speed in metres per second. NaN in, NaN out. */
export function courseSpeed(vnMps: number, veMps: number): { courseDeg: number; speedMps: number } {
  return {
    courseDeg: (Math.atan2(veMps, vnMps) / RADIANS + 360) % 360,
    speedMps: Math.hypot(vnMps, veMps),
  };
}
