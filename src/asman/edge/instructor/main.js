// The instructor's page: asks the exercise every second how it stands, and says what the instructor wants.

import { ask } from "./api.js";
import { Chart, arcsOf, bounded } from "./map.js";
import { ACTIONS, TOOLS } from "./tools.js";
import { anything, question } from "./dialogs.js";
import { describe, hex, knots, level, names, octal, place, span, title } from "./words.js";

const $ = (id) => document.getElementById(id);
const SHOWN = 300;
const view = { state: null, aircraft: [], selected: null, kinds: [], tool: "select", points: [], tab: "aircraft" };

const chart = new Chart($("map"), {
  moved: (at) => { $("where").textContent = place(at.lat, at.lon); },
  picked: (one) => {
    select(one ? one.aircraft : null);
    if (!one) return;
    tab("aircraft");
    document.querySelector('.craft[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
  },
  placed: (at) => placed(at),
});

/** Whether an event is about this aircraft, however it names it. */
const about = (event, one) => [one.who, `callsign:${one.callsign}`, `address:${hex(one.address)}`].includes(event.who);

// --- Asking -------------------------------------------------------------------------------------------

async function every(ms, job) {
  for (;;) {
    const begun = performance.now();
    await job().catch(() => {});
    // A large sky is asked for less often: never more than a fifth of the time.
    await new Promise((done) => setTimeout(done, Math.max(ms, 4 * (performance.now() - begun))));
  }
}

async function refresh() {
  try {
    view.state = await ask("api/exercise");
    link(view.state.ended ? "ENDED" : "CONNECTED", view.state.ended);
  } catch (error) {
    link("LINK LOST", true);
    throw error;
  }
  showState();
}

async function fly() {
  const { features } = await ask("api/exercise/flying");
  view.aircraft = features.map(({ id, geometry, properties }) => {
    const [lon, lat] = geometry.coordinates;
    const { speed_mps: speed, track_deg: track, class: kind, ...rest } = properties;
    const name = rest.callsign || (rest.address === null ? rest.who.replace("_", " ").replace(":", " ") : hex(rest.address));
    names.set(rest.who, name);
    return { ...rest, kind, speed, track, aircraft: id, lon, lat, name, silent: rest.address === null && rest.mode_3a === null };
  });
  view.aircraft.sort((a, b) => a.name.localeCompare(b.name));
  showAircraft();
}

const send = async (path, method, body, done) => {
  try {
    const answer = await ask(path, { method, body, by: $("by").value.trim() });
    if (done) toast(done(answer));
    await refresh();
    return answer;
  } catch (error) {
    toast(error.message, true);
    return null;
  }
};

function inject(event) {
  const after = Number($("begins").value), lasts = $("lasts").value;
  const timed = { ...event };
  if (after && !("begin_s" in event)) timed.after_s = after;
  if (lasts && event.kind !== "flight" && !("end_s" in event)) timed.duration_s = Number(lasts);
  return send("api/exercise/events", "POST", timed, (entry) => `${title(entry.event.kind)}: ${describe(entry.event)} — ${entry.state === "planned" ? `at ${span(entry.begin_s)}` : "now"}`);
}

const endEvent = (entry) => send(`api/exercise/events/${entry.id}`, "DELETE", undefined, () => `${title(entry.event.kind)} ended: ${describe(entry.event)}`);

// --- Showing ------------------------------------------------------------------------------------------

function link(text, lost) {
  $("link").textContent = text;
  $("link").classList.toggle("lost", lost);
}

function showState() {
  const s = view.state;
  if (!chart.home) {
    chart.scene.airports = s.ground.airports;
    chart.scene.borders = s.ground.borders.map((one) => bounded(one.line, { id: one.id }));
    chart.fit(s.ground.area);
  }
  $("title").textContent = s.title;
  $("subtitle").textContent = `${s.scenario} · seed ${s.seed} · ${s.members.map((one) => one.id).join(", ")}${s.record ? ` · recorded in ${s.record}` : ""}`;
  $("subtitle").title = $("subtitle").textContent;
  $("elapsed").textContent = span(s.time_s);
  $("utc").textContent = `${s.time.slice(11, 19)}Z`;
  $("standing").hidden = !(s.paused || s.ended);
  $("standing").textContent = s.ended ? "ENDED" : "PAUSED";
  $("pause").textContent = s.paused ? "Resume" : "Pause";
  for (const id of ["pause", "end", "speed"]) $(id).disabled = s.ended;
  if (document.activeElement !== $("speed")) $("speed").value = String(s.speed);
  const out = s.sensors.filter((one) => one.out).length, active = s.events.filter((one) => one.state === "active").length;
  $("n-aircraft").textContent = s.flying;
  label($("n-sensors"), out ? `${out} out` : s.sensors.length, out > 0);
  label($("n-events"), active ? `${active} active` : s.events.length, false);
  chart.scene.sensors = s.sensors;
  chart.scene.areas = s.events.filter((one) => one.state !== "past").flatMap((one) => areaOf(one, s.time_s));
  hits();
  showSensors();
  showEvents();
  chart.draw();
}

function label(element, text, alert) {
  element.textContent = text;
  element.classList.toggle("alert", alert);
}

const COLOURS = { weather: "#62cf96", "gnss-jamming": "#f4b740", "radar-jamming": "#ff8f5e", "spoof-circle": "#ff9ee0" };

function areaOf({ event, state, begin_s }, now_s) {
  if (event.lat_deg === undefined) return [];
  const moved = Math.max(0, now_s - begin_s) / 111_195;
  const lat = event.lat_deg + (event.north_mps ?? 0) * moved;
  const lon = event.lon_deg + ((event.east_mps ?? 0) * moved) / Math.cos((lat * Math.PI) / 180);
  const to = event.to_lat_deg === undefined ? null : { lat: event.to_lat_deg, lon: event.to_lon_deg };
  return [{ lat, lon, to, radius_m: event.radius_m, colour: COLOURS[event.kind] ?? "#fff", text: title(event.kind), planned: state === "planned" }];
}

/** Which aircraft an event is about, while it lasts. */
function hits() {
  const found = new Map();
  for (const { event, state } of view.state?.events ?? []) {
    if (state !== "active" || !event.who) continue;
    const word = event.kind === "emergency" ? event.code : title(event.kind);
    for (const one of view.aircraft) if (about(event, one)) found.set(one.aircraft, found.has(one.aircraft) ? `${found.get(one.aircraft)} · ${word}` : word);
  }
  chart.scene.hits = found;
}

function showAircraft() {
  hits();
  chart.scene.aircraft = view.aircraft;
  chart.draw();
  const words = $("search").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const text = (one) => `${one.name} ${one.kind} ${octal(one.mode_3a)} ${hex(one.address)} ${one.member ?? ""} ${chart.scene.hits.get(one.aircraft) ?? ""}`.toLowerCase();
  const found = view.aircraft.filter((one) => words.every((word) => text(one).includes(word)));
  const rows = found.slice(0, SHOWN).map((one) => {
    const row = element("button", `craft${chart.scene.hits.has(one.aircraft) ? " hit" : ""}`);
    row.dataset.aircraft = one.aircraft;
    if (one.aircraft === view.selected) row.setAttribute("aria-current", "true");
    row.append(element("b", "", one.name), element("span", "kind", chart.scene.hits.get(one.aircraft) ?? one.kind.replace("_", " ")), element("span", "", octal(one.mode_3a)), element("span", "", level(one.altitude_m)), element("span", "", knots(one.speed)));
    return row;
  });
  const head = element("div", "head");
  for (const word of ["callsign", "kind", "code", "level", "kt"]) head.append(element("span", "", word));
  const rest = found.length > SHOWN ? [element("div", "more", `and ${found.length - SHOWN} more: search`)] : found.length ? [] : [element("div", "none", view.aircraft.length ? "nobody by that name" : "nobody flies")];
  swap($("aircraft-rows"), [head, ...rows, ...rest]);
  showCard();
}

function showCard() {
  const one = view.aircraft.find((other) => other.aircraft === view.selected);
  const card = $("card");
  const key = one ? String(one.aircraft) : "";
  if (card.dataset.key !== key) {
    card.dataset.key = key;
    if (!one) {
      card.replaceChildren(element("p", "", "Choose an aircraft in the list or on the map: what happens to it is one click away."));
      return;
    }
    const actions = element("div", "actions");
    for (const action of ACTIONS) {
      const button = element("button", action.alarm ? "alarm" : "");
      button.append(element("b", "", action.words[0]), action.words[1]);
      button.addEventListener("click", () => act(action));
      actions.append(button);
    }
    card.replaceChildren(element("h2"), element("p"), actions);
  }
  if (!one) return;
  const [heading, line] = card.children;
  heading.replaceChildren(one.name, element("small", "", `${one.kind.replace("_", " ")}${one.member ? ` of ${one.member}` : ""}`));
  line.textContent = `${octal(one.mode_3a)} · ${hex(one.address) || "no address"} · ${level(one.altitude_m)} · ${knots(one.speed)} kt · ${String(Math.round(one.track)).padStart(3, "0")}° · ${place(one.lat, one.lon)}`;
}

async function act(action) {
  const one = view.aircraft.find((other) => other.aircraft === view.selected);
  if (!one) return;
  const text = action.ask ? await question(`${one.name}: ${action.words.join(" ")}`, ...action.ask) : "";
  if (text !== null) await inject({ ...action.make(text, one), who: one.who });
}

function showSensors() {
  const rows = view.state.sensors.map((one) => {
    const row = element("div", `sensor${one.out ? " out" : ""}`);
    const switches = element("div", "switches");
    for (const part of one.parts) {
      const button = element("button", "", one.out === part ? `${part === "all" ? "" : part.toUpperCase() + " "}OUT` : part === "all" ? "Fail" : part.toUpperCase());
      button.setAttribute("aria-pressed", String(one.out === part));
      button.setAttribute("aria-label", `${one.id}: ${part} outage`);
      button.disabled = Boolean(one.out && one.out !== part);
      button.dataset.key = `${one.id} ${part}`;
      button.addEventListener("click", () => (one.out === part ? endEvent(view.state.events.find((entry) => entry.id === one.out_event)) : inject({ kind: "outage", sensor: one.id, part })));
      switches.append(button);
    }
    const late = one.late ? ` · ${one.late} late` : "", failed = one.failed ? ` · ${one.failed} failed` : "";
    row.append(element("b", "", one.id), switches, element("small", "", `${one.member} · ${one.kind} · ${one.period_s} s · ${one.to ? `${one.datagrams.toLocaleString("en")} datagrams to ${one.to}` : "goes nowhere"}${late}${failed}`));
    row.addEventListener("pointerenter", () => { chart.scene.ring = one.id; chart.draw(); });
    row.addEventListener("pointerleave", () => { chart.scene.ring = null; chart.draw(); });
    return row;
  });
  swap($("sensor-rows"), rows);
}

function showEvents() {
  const order = { active: 0, planned: 1, past: 2 };
  const sorted = [...view.state.events].sort((a, b) => order[a.state] - order[b.state] || (a.state === "planned" ? a.begin_s - b.begin_s : b.begin_s - a.begin_s));
  const rows = sorted.map((entry) => {
    const row = element("div", `event ${entry.state}`);
    const until = entry.end_s === null ? "until ended" : `to ${span(entry.end_s)}`;
    row.append(element("span", "state", entry.state.toUpperCase()), element("b", "", `${title(entry.event.kind)} · ${describe(entry.event)}`));
    row.append(element("small", "", `${span(entry.begin_s)} ${until} · ${entry.at ? `by ${entry.by || "instructor"}` : "from the scenario"}`));
    // Who is in the air stays there until the way is flown.
    const over = entry.state === "past" || (entry.state === "active" && entry.event.kind === "flight");
    if (!over && !view.state.ended) {
      const button = element("button", "", entry.state === "active" ? "End now" : "Take back");
      button.dataset.key = entry.id;
      button.addEventListener("click", () => endEvent(entry));
      row.append(button);
    }
    return row;
  });
  swap($("event-rows"), rows.length ? rows : [element("div", "none", "Nothing has happened yet, and nothing is planned.")]);
}

/** New rows in place of the old ones; who had the keyboard's focus keeps it. */
function swap(list, rows) {
  const key = list.contains(document.activeElement) ? JSON.stringify({ ...document.activeElement.dataset }) : null;
  const top = list.scrollTop;
  list.replaceChildren(...rows);
  list.scrollTop = top;
  if (key && key !== "{}") [...list.querySelectorAll("button")].find((one) => JSON.stringify({ ...one.dataset }) === key)?.focus({ preventScroll: true });
}

function element(tag, style = "", text) {
  const made = document.createElement(tag);
  if (style) made.className = style;
  if (text !== undefined) made.textContent = text;
  return made;
}

function toast(text, bad = false) {
  const one = element("div", `toast${bad ? " bad" : ""}`, text);
  $("toasts").append(one);
  while ($("toasts").children.length > 4) $("toasts").firstChild.remove();
  setTimeout(() => one.remove(), bad ? 9000 : 4500);
}

// --- Choosing and placing -----------------------------------------------------------------------------

function select(aircraft, centre = false) {
  view.selected = chart.scene.selected = aircraft;
  const one = view.aircraft.find((other) => other.aircraft === aircraft);
  if (one && centre) chart.show(one.lat, one.lon);
  showAircraft();
}

function tab(name) {
  view.tab = name;
  for (const one of document.querySelectorAll('[role="tab"]')) {
    const chosen = one.id === `tab-${name}`;
    one.setAttribute("aria-selected", String(chosen));
    $(one.getAttribute("aria-controls")).hidden = !chosen;
  }
}

function choose(tool) {
  view.tool = tool;
  view.points = [];
  for (const one of document.querySelectorAll("[data-tool]")) one.setAttribute("aria-pressed", String(one.dataset.tool === tool));
  const known = TOOLS[tool];
  chart.placing = Boolean(known);
  $("map").classList.toggle("placing", chart.placing);
  $("strip").hidden = !known;
  if (known) {
    $("strip").replaceChildren(element("b", "", known.words[0]), ...known.fields.map(asked));
    sketch();
  }
  chart.draw();
}

function asked({ name, text, value, type, unit, choices, ...limits }) {
  const row = element("label", "", `${text} `);
  const input = element(type === "select" ? "select" : "input");
  input.name = name;
  if (choices) for (const [key, words] of choices) input.append(new Option(words, key));
  else Object.assign(input, { type, ...limits });
  input.value = value;
  row.append(input, unit ? ` ${unit}` : "");
  return row;
}

const answers = () => Object.fromEntries([...$("strip").elements].map((one) => [one.name, one.type === "number" ? Number(one.value) : one.value]));

function sketch() {
  const km = answers().km;
  chart.scene.sketch = { radius_m: km && view.points.length === 0 ? km * 1000 : 0, from: view.points[0] };
  chart.draw();
}

async function placed(at) {
  const known = TOOLS[view.tool];
  if (!$("strip").reportValidity()) return;
  view.points.push(at);
  if (view.points.length < known.clicks) {
    $("strip").firstChild.textContent = known.words[view.points.length];
    sketch();
    return;
  }
  const event = known.make(answers(), view.points);
  choose("select");
  if (await inject(event)) tab("events");
}

// --- Wiring -------------------------------------------------------------------------------------------

$("aircraft-rows").addEventListener("click", (event) => { const row = event.target.closest(".craft"); if (row) select(Number(row.dataset.aircraft)); });
$("aircraft-rows").addEventListener("dblclick", (event) => { const row = event.target.closest(".craft"); if (row) select(Number(row.dataset.aircraft), true); });
$("search").addEventListener("input", showAircraft);
$("strip").addEventListener("input", sketch);
$("strip").addEventListener("submit", (event) => event.preventDefault());
$("pause").addEventListener("click", () => send(`api/exercise/${view.state?.paused ? "resume" : "pause"}`, "POST"));
$("speed").addEventListener("change", () => send("api/exercise/speed", "POST", { speed: Number($("speed").value) }));
$("end").addEventListener("click", async () => {
  if ((await question("End the exercise?", "It cannot be resumed. Nodes that it started end with it.", null, "End exercise")) !== null) await send("api/exercise/end", "POST");
});
$("other").addEventListener("click", async () => { const event = await anything(view.kinds, view.state, view.aircraft.find((one) => one.aircraft === view.selected), chart.at(chart.width / 2, chart.height / 2)); if (event) await inject(event); });
$("zoom-in").addEventListener("click", () => chart.zoom(1.5));
$("zoom-out").addEventListener("click", () => chart.zoom(1 / 1.5));
$("home").addEventListener("click", () => { chart.moved = false; chart.fit(chart.home); });
$("by").value = localStorage.getItem("asman-instructor") ?? "";
$("by").addEventListener("input", () => localStorage.setItem("asman-instructor", $("by").value));
for (const one of document.querySelectorAll("[data-tool]")) one.addEventListener("click", () => choose(one.dataset.tool));
const tabs = [...document.querySelectorAll('[role="tab"]')];
for (const one of tabs) {
  one.addEventListener("click", () => tab(one.id.slice(4)));
  one.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) { const next = tabs[(tabs.indexOf(one) + step + tabs.length) % tabs.length]; next.focus(); next.click(); }
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !$("dialog").open) return choose("select");
  if (event.target.matches("input, select, textarea") || $("dialog").open || event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const tool = Object.keys(TOOLS).find((name) => TOOLS[name].key === event.key);
  if (tool) choose(tool);
  else if (event.key === "/") { tab("aircraft"); $("search").focus(); }
  else if (event.key === " " && !event.target.matches("button")) $("pause").click();
  else return undefined;
  event.preventDefault();
  return undefined;
});

showCard();
ask("api/exercise/kinds").then((kinds) => { view.kinds = kinds; }).catch((error) => toast(error.message, true));
ask("countries.json").then((map) => { chart.countries = Object.values(map.objects).length ? arcsOf(map) : []; chart.draw(); }).catch(() => {});
every(900, refresh);
every(900, fly);
window.__exercise = { view, chart };
