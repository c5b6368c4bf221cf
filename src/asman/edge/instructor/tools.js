// What is put on the map with a click: each tool's questions, and the event that its answers make.

import { FOOT_M, KNOT_MPS } from "./words.js";

const number = (name, text, value, more = {}) => ({ name, text, value, type: "number", ...more });
const coordinates = (at) => ({ lat_deg: round(at.lat), lon_deg: round(at.lon) });
const round = (deg) => Math.round(deg * 1e5) / 1e5;

/** Where a wind comes to: east and north of a course and a speed. */
const drift = (course, kt) => ({
  east_mps: round(Math.sin((course * Math.PI) / 180) * kt * KNOT_MPS),
  north_mps: round(Math.cos((course * Math.PI) / 180) * kt * KNOT_MPS),
});

export const TOOLS = {
  flight: {
    key: "f", clicks: 2, words: ["Launch: click where it appears", "… and where it flies to"],
    fields: [
      { name: "callsign", text: "Callsign", value: "", type: "text" }, number("level", "Level", 300, { unit: "FL", min: 1, max: 600 }),
      number("kt", "Speed", 420, { unit: "kt", min: 40, max: 1400 }),
      { name: "transponder", text: "Transponder", type: "select", value: "mode_s", choices: [["mode_s", "Mode S + ADS-B"], ["mode_s-", "Mode S"], ["mode_ac", "Mode A/C"], ["none", "none"]] },
    ],
    make: (a, [from, to]) => ({
      kind: "flight",
      flight: {
        id: `launch-${Date.now().toString(36)}`, waypoint: [coordinates(from), coordinates(to)],
        speed_mps: round(a.kt * KNOT_MPS), altitude_m: round(a.level * 100 * FOOT_M),
        transponder: a.transponder.replace("-", ""), adsb: a.transponder === "mode_s",
        ...(a.callsign.trim() ? { callsign: a.callsign.trim().toUpperCase() } : {}),
      },
    }),
  },
  weather: {
    key: "w", clicks: 1, words: ["Weather: click its centre"],
    fields: [number("km", "Radius", 30, { unit: "km", min: 1, max: 400 }), number("course", "Moves to", 90, { unit: "°", min: 0, max: 360 }),
      number("kt", "at", 20, { unit: "kt", min: 0, max: 150 }), number("plots", "False plots a scan", 8, { min: 0, max: 500 })],
    make: (a, [at]) => ({ kind: "weather", ...coordinates(at), radius_m: a.km * 1000, ...drift(a.course, a.kt), plots_per_scan: a.plots }),
  },
  "gnss-jamming": {
    key: "g", clicks: 1, words: ["GNSS jamming: click its centre"],
    fields: [number("km", "Radius", 120, { unit: "km", min: 1, max: 1000 })],
    make: (a, [at]) => ({ kind: "gnss-jamming", ...coordinates(at), radius_m: a.km * 1000 }),
  },
  "radar-jamming": {
    key: "r", clicks: 1, words: ["Radar jamming: click the jammer"],
    fields: [number("power", "Power", 1, { min: 0, max: 10, step: 0.5 }), number("level", "Level", 300, { unit: "FL", min: 0, max: 600 }),
      number("width", "Strobe", 3, { unit: "°", min: 0.5, max: 45, step: 0.5 }), number("plots", "Plots a scan", 10, { min: 0, max: 500 })],
    make: (a, [at]) => ({ kind: "radar-jamming", ...coordinates(at), power: a.power, height_m: round(a.level * 100 * FOOT_M), width_deg: a.width, plots_per_scan: a.plots }),
  },
  "spoof-circle": {
    key: "s", clicks: 2, words: ["GNSS spoofing: click the middle of where it works", "… and where everybody seems to be"],
    fields: [number("km", "Radius", 100, { unit: "km", min: 1, max: 1000 })],
    make: (a, [at, to]) => ({ kind: "spoof-circle", ...coordinates(at), radius_m: a.km * 1000, to_lat_deg: round(to.lat), to_lon_deg: round(to.lon) }),
  },
};

/** One click on a chosen aircraft. `ask` is a question first: its words and what is proposed. */
export const ACTIONS = [
  { words: ["7700", "emergency"], alarm: true, make: () => ({ kind: "emergency", code: "7700" }) },
  { words: ["7600", "radio failure"], alarm: true, make: () => ({ kind: "emergency", code: "7600" }) },
  { words: ["7500", "unlawful"], alarm: true, make: () => ({ kind: "emergency", code: "7500" }) },
  { words: ["Transponder", "lost"], make: () => ({ kind: "transponder-lost", what: "all" }) },
  { words: ["Altitude", "lost"], make: () => ({ kind: "transponder-lost", what: "altitude" }) },
  { words: ["ADS-B", "lost"], make: () => ({ kind: "transponder-lost", what: "adsb" }) },
  { words: ["ADS-B", "drifts off"], ask: ["Drift of the reported position, m/s to the east of its course", "30"], make: (text, one) => sideways(Number(text), one) },
  { words: ["New code", "…"], ask: ["Mode 3/A code, four octal digits", "2654"], make: (text) => ({ kind: "code-change", mode_3a: text.trim() }) },
  { words: ["Other address", "…"], ask: ["24-bit address, six hexadecimal digits", "601FFF"], make: (text) => ({ kind: "address-change", address: parseInt(text, 16) }) },
];

/** A drift across the course is what a crew notices last. */
function sideways(mps, one) {
  const course = ((one.track + 90) * Math.PI) / 180;
  return { kind: "spoof-drift", east_mps: round(mps * Math.sin(course)), north_mps: round(mps * Math.cos(course)) };
}
