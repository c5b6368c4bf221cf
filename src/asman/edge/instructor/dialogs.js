// Questions that interrupt: one line, and the form of any event, made from what the exercise says of its kinds.

const $ = (id) => document.getElementById(id);
const make = (tag, text) => { const one = document.createElement(tag); if (text !== undefined) one.textContent = text; return one; };

function open(content, yes) {
  const dialog = $("dialog"), form = make("form"), buttons = make("div");
  form.method = "dialog";
  buttons.className = "buttons";
  const no = make("button", "Cancel"), ok = make("button", yes);
  no.value = ""; no.formNoValidate = true; ok.value = "ok"; ok.className = "strong";
  buttons.append(no, ok);
  form.append(...content, buttons);
  dialog.replaceChildren(form);
  // Enter means yes: the first button of a form is the one that Enter presses.
  form.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); ok.click(); } });
  dialog.returnValue = "";
  dialog.showModal();
  (form.querySelector("input, select, textarea") ?? ok).focus();
  return new Promise((done) => dialog.addEventListener("close", () => done(dialog.returnValue === "ok" ? form : null), { once: true }));
}

/** One line; null when it was cancelled. Without a proposal it is a yes-or-no question. */
export async function question(heading, words, proposal, yes = "Inject") {
  const content = [make("h2", heading), make("p", words)];
  const input = make("input");
  if (proposal !== null) { input.value = proposal; input.required = true; content.push(input); }
  const form = await open(content, yes);
  return form ? input.value : null;
}

/** Any event; null when it was cancelled. Places are proposed at the map's centre. */
export async function anything(kinds, state, chosen, centre) {
  const pick = make("select"), fields = make("div"), meaning = make("p");
  for (const one of kinds) pick.append(new Option(one.kind, one.kind));
  const show = () => {
    const kind = kinds.find((one) => one.kind === pick.value);
    meaning.textContent = kind.meaning;
    fields.replaceChildren(...kind.fields.map((one) => row(one, state, chosen, centre)));
  };
  pick.addEventListener("change", show);
  show();
  const form = await open([make("h2", "Any other event"), line("kind", pick), meaning, fields], "Inject");
  if (!form) return null;
  const event = { kind: pick.value };
  for (const input of fields.querySelectorAll("[name]")) {
    const value = read(input);
    if (value !== undefined) event[input.name] = value;
  }
  return event;
}

function read(input) {
  if (input.type === "checkbox") return input.checked;
  if (input.value === "") return undefined;
  if (input.dataset.type === "number" || input.dataset.type === "integer") return Number(input.value);
  if (input.dataset.type === "table") { try { return JSON.parse(input.value); } catch { return input.value; } }
  return input.value;
}

function line(text, input, meaning) {
  const row = make("label", undefined);
  row.className = "field";
  row.append(make("span", text), input);
  if (meaning) row.append(make("small", meaning));
  return row;
}

function row(field, state, chosen, centre) {
  let input = make("input");
  if (field.type === "choice" || field.type === "sensor") {
    input = make("select");
    for (const one of field.type === "sensor" ? state.sensors.map((sensor) => sensor.id) : field.choices) input.append(new Option(one, one));
  } else if (field.type === "flag") input.type = "checkbox";
  else if (field.type === "number" || field.type === "integer") { input.type = "number"; input.step = field.type === "integer" ? 1 : "any"; }
  else if (field.type === "table" || field.type === "list") {
    input = make("textarea");
    input.rows = 6;
    input.value = '{"id": "ghost-1", "speed_mps": 200, "altitude_m": 9000,\n "waypoint": [{"lat_deg": 42.5, "lon_deg": 74}, {"lat_deg": 43.5, "lon_deg": 76}]}';
  }
  input.name = field.name;
  input.dataset.type = field.type;
  input.required = field.required && field.type !== "flag";
  if (field.default !== null && field.default !== undefined) input.value = field.default;
  if (field.type === "aircraft" && chosen) input.value = chosen.who;
  if (field.name.endsWith("lat_deg")) input.value = centre.lat.toFixed(3);
  if (field.name.endsWith("lon_deg")) input.value = centre.lon.toFixed(3);
  return line(`${field.name.replace(/_(s|m|m2|deg|mps)$/, "").replaceAll("_", " ")}${field.unit ? ` [${field.unit}]` : ""}`, input, field.meaning);
}
