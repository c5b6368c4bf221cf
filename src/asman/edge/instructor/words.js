// Numbers and names as people in the field write them.

export const FOOT_M = 0.3048;
export const KNOT_MPS = 1852 / 3600;

export const level = (m) => (m === null || m === undefined ? "–" : `F${String(Math.max(0, Math.round(m / FOOT_M / 100))).padStart(3, "0")}`);
export const knots = (mps) => (mps === null || mps === undefined ? "–" : `${Math.round(mps / KNOT_MPS)}`);
export const octal = (code) => (code === null || code === undefined ? "––––" : code.toString(8).padStart(4, "0"));
export const hex = (address) => (address === null || address === undefined ? "" : address.toString(16).toUpperCase().padStart(6, "0"));

export function span(s) {
  const whole = Math.max(0, Math.floor(s));
  const part = (n) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${part(Math.floor(whole / 60) % 60)}:${part(whole % 60)}`;
}

export function place(lat, lon) {
  const one = (value, width, plus, minus) => `${Math.abs(value).toFixed(2).padStart(width, "0")}°${value < 0 ? minus : plus}`;
  return `${one(lat, 5, "N", "S")} ${one(lon, 6, "E", "W")}`;
}

/** Each kind of event: what people call it, and how one of them reads. */
const NAMES = {
  emergency: "Emergency", "transponder-lost": "Transponder lost", "code-change": "New code", "address-change": "Other address",
  outage: "Sensor outage", "gnss-jamming": "GNSS jamming", "spoof-drift": "ADS-B drifts off", "spoof-circle": "GNSS spoofing",
  ghost: "ADS-B ghost", "radar-jamming": "Radar jamming", weather: "Weather", flight: "Launch",
};
export const title = (kind) => NAMES[kind] ?? kind;

export function describe(event) {
  const km = (m) => `${Math.round(m / 1000)} km`;
  switch (event.kind) {
    case "emergency": return `${event.code} · ${who(event.who)}`;
    case "transponder-lost": return `${event.what === "all" ? "all" : event.what === "adsb" ? "ADS-B" : event.what} · ${who(event.who)}`;
    case "code-change": return `${event.mode_3a} · ${who(event.who)}`;
    case "address-change": return `${hex(event.address)} · ${who(event.who)}`;
    case "outage": return `${event.sensor}${event.part === "all" ? "" : ` · ${event.part.toUpperCase()}`}`;
    case "spoof-drift": return `${who(event.who)} · ${Math.round(Math.hypot(event.east_mps, event.north_mps))} m/s`;
    case "flight": case "ghost": return `${event.flight.callsign ?? event.flight.id} · ${level(event.flight.altitude_m)} ${knots(event.flight.speed_mps)} kt`;
    case "radar-jamming": return `power ${event.power} · ${place(event.lat_deg, event.lon_deg)}`;
    default: return event.radius_m ? `${km(event.radius_m)} · ${place(event.lat_deg, event.lon_deg)}` : "";
  }
}

/** What aircraft were called when they were last seen, by how events name them. */
export const names = new Map();
const who = (text) => names.get(text) ?? String(text).replace(/^(callsign|address|flight):/, "").replace(":", " ");
