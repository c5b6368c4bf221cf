/** How numbers are written for an operator. Unknown (null, NaN) is a dash, never a zero. */

export const DASH = "–";
const FEET_M = 0.3048;
const KNOT_MPS = 1852 / 3600;
const NAUTICAL_MILE_M = 1852;

export const knots = (mps: number): number => mps / KNOT_MPS;
export const flightLevelOf = (altitudeM: number): number => altitudeM / FEET_M / 100;

const known = (value: number | null | undefined): value is number => typeof value === "number" && !Number.isNaN(value);
const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** Flight level in three digits. Pressure altitude is all a radar hears, so it is never shown as feet above the sea. */
export function flightLevel(altitudeM: number | null): string {
  if (!known(altitudeM)) return DASH;
  const level = Math.round(flightLevelOf(altitudeM));
  return level < 0 ? `-${pad(-level, 2)}` : pad(level, 3);
}

export const speedKt = (mps: number | null): string => (known(mps) ? String(Math.round(knots(mps))) : DASH);

export const course = (deg: number | null): string => (known(deg) ? `${pad(Math.round(deg) % 360, 3)}°` : DASH);

/** Feet per minute with its sign, to the nearest 50. */
export function verticalRate(mps: number | null): string {
  if (!known(mps)) return DASH;
  const rate = Math.round(((mps / FEET_M) * 60) / 50) * 50;
  if (rate === 0) return "0";
  return `${rate > 0 ? "+" : "−"}${Math.abs(rate)}`;
}

/** Level within ±1.5 m/s (300 ft/min), the usual display threshold of a climb arrow. */
export function trend(climbMps: number | null): "↑" | "↓" | "" {
  if (!known(climbMps) || Math.abs(climbMps) < 1.5) return "";
  return climbMps > 0 ? "↑" : "↓";
}

export const squawk = (mode3a: number | null): string => (known(mode3a) ? mode3a.toString(8).padStart(4, "0") : DASH);

export const addressHex = (address: number | null): string =>
  known(address) ? address.toString(16).toUpperCase().padStart(6, "0") : DASH;

export function age(seconds: number | null): string {
  if (!known(seconds)) return DASH;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  return whole < 6000 ? `${Math.floor(whole / 60)} min` : `${Math.floor(whole / 3600)} h`;
}

export const utcTime = (timeS: number | null): string =>
  known(timeS) ? new Date(timeS * 1000).toISOString().slice(11, 19) : "--:--:--";

export const utcDate = (timeS: number | null): string =>
  known(timeS) ? new Date(timeS * 1000).toISOString().slice(0, 10) : DASH;

export const metres = (value: number | null): string => (known(value) ? `${grouped(value)} m` : DASH);
export const feet = (valueM: number | null): string => (known(valueM) ? `${grouped(valueM / FEET_M)} ft` : DASH);

/** Numbers of tracks that a partner was the first to tell stand in a block of that partner. */
const BLOCK = 1e9;

/** A track's number: `12` of our own, `1003/12` of a partner's block. */
export function trackNumber(track: number): string {
  const n = Math.abs(track);
  return n < BLOCK ? String(n) : `${Math.floor(n / BLOCK)}/${n % BLOCK}`;
}

/** A whole number with thin spaces between thousands. */
export function grouped(value: number | null): string {
  if (!known(value)) return DASH;
  const whole = Math.round(value);
  const digits = String(Math.abs(whole)).replaceAll(/\B(?=(\d{3})+$)/g, "\u202f");
  return whole < 0 ? `−${digits}` : digits;
}

/** A systematic error, signed, and its standard deviation: `+62`, `± 3`. */
export function biased(value: number | null, sigma: number | null, digits: number): readonly [string, string] {
  if (!known(value) || !known(sigma)) return [DASH, ""];
  const size = Math.abs(value).toFixed(digits);
  return [`${value < 0 && Number(size) !== 0 ? "−" : "+"}${size}`, `± ${sigma.toFixed(digits)}`];
}

export function distance(rangeM: number): string {
  const miles = rangeM / NAUTICAL_MILE_M;
  const kilometres = rangeM / 1000;
  const digits = miles < 10 ? 2 : 1;
  return `${miles.toFixed(digits)} NM · ${kilometres.toFixed(digits)} km`;
}

/** Degrees, minutes and tenths of seconds with the hemisphere's letter: `41°23'07.9"N`. */
export function dms(degrees: number, axis: "lat" | "lon"): string {
  const hemisphere = axis === "lat" ? (degrees < 0 ? "S" : "N") : degrees < 0 ? "W" : "E";
  const tenths = Math.round(Math.abs(degrees) * 36_000);
  const whole = Math.floor(tenths / 36_000);
  const minutes = Math.floor((tenths % 36_000) / 600);
  const seconds = (tenths % 600) / 10;
  return `${pad(whole, axis === "lat" ? 2 : 3)}°${pad(minutes, 2)}'${seconds.toFixed(1).padStart(4, "0")}"${hemisphere}`;
}

export const decimalDegrees = (lat: number, lon: number): string => `${lat.toFixed(5)}, ${lon.toFixed(5)}`;

/** Per second, with one decimal below ten. */
export const perSecond = (value: number | null): string =>
  known(value) ? (value < 10 ? value.toFixed(1) : grouped(value)) : DASH;

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor((whole % 3600) / 60), 2)}:${pad(whole % 60, 2)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
