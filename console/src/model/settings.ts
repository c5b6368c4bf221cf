/** What an operator has set up at this workplace. Kept by the browser; whatever is not valid there is the default. */

export const VECTOR_MINUTES = [0, 1, 2, 3, 5, 10, 15] as const;
export const TRAIL_MINUTES = [0, 1, 2, 5, 10] as const;

export interface Settings {
  readonly palette: "night" | "day";
  readonly labels: boolean;
  readonly sensors: boolean;
  readonly rings: boolean;
  readonly graticule: boolean;
  readonly vectorMinutes: number;
  readonly trailMinutes: number;
  readonly table: boolean;
  readonly dock: boolean;
}

export const DEFAULTS: Settings = {
  palette: "night",
  labels: true,
  sensors: true,
  rings: true,
  graticule: true,
  vectorMinutes: 2,
  trailMinutes: 5,
  table: true,
  dock: true,
};

/** Settings from what was stored, field by field. */
export function settingsFrom(stored: unknown): Settings {
  if (typeof stored !== "object" || stored === null) return DEFAULTS;
  const given = stored as Record<string, unknown>;
  const flag = (name: "labels" | "sensors" | "rings" | "graticule" | "table" | "dock"): boolean =>
    typeof given[name] === "boolean" ? given[name] : DEFAULTS[name];
  const choice = (name: "vectorMinutes" | "trailMinutes", choices: readonly number[]): number =>
    choices.includes(given[name] as number) ? (given[name] as number) : DEFAULTS[name];
  return {
    palette: given["palette"] === "day" ? "day" : "night",
    labels: flag("labels"),
    sensors: flag("sensors"),
    rings: flag("rings"),
    graticule: flag("graticule"),
    vectorMinutes: choice("vectorMinutes", VECTOR_MINUTES),
    trailMinutes: choice("trailMinutes", TRAIL_MINUTES),
    table: flag("table"),
    dock: flag("dock"),
  };
}

/** The choice after the present one, round and round. */
export function next(choices: readonly number[], present: number): number {
  return choices[(choices.indexOf(present) + 1) % choices.length]!;
}
