/** Text frames of `WS /api/stream`: JSON with a `type`. What does not have the promised shape is refused here. */

export interface Sensor {
  readonly index: number;
  readonly id: string;
  readonly member: string;
  readonly kind: string;
  readonly lat_deg: number | null;
  readonly lon_deg: number | null;
  readonly range_max_m: number | null;
  readonly period_s: number | null;
}

export interface Bounds {
  readonly west_deg: number;
  readonly south_deg: number;
  readonly east_deg: number;
  readonly north_deg: number;
}

export interface Hello {
  readonly type: "hello";
  readonly protocol: number;
  readonly node: string;
  readonly member: string;
  readonly mode: "live" | "replay";
  readonly simulated: boolean;
  readonly sensors: readonly Sensor[];
  readonly recording: { readonly names: readonly string[]; readonly begin_s: number; readonly end_s: number } | null;
  readonly view: Bounds | null;
  /** Whose tracks there may be: `origin` in a frame counts in it. The node's own member alone where it is absent. */
  readonly members?: readonly string[];
  /** Consoles of other members, where they are known: in a demonstration. */
  readonly peers?: readonly Peer[];
}

export interface Peer {
  readonly member: string;
  readonly url: string;
}

export interface Clock {
  readonly type: "clock";
  readonly time_s: number;
  /** 1 = as recorded, 0 = as fast as it goes. */
  readonly speed: number;
  readonly paused: boolean;
  readonly progress: number | null;
  readonly ended: boolean;
  readonly behind_s: number;
}

export interface SensorHealth {
  readonly id: string;
  readonly last_seen_s: number | null;
  readonly plots: number;
  readonly rejected: number;
  readonly plots_per_s: number;
  /** Plots that said that they are simulated. */
  readonly simulated?: number;
  /** What is known of its systematic errors; null of what it has not. */
  readonly registration?: Registration | null;
}

/** Biases as the sensor adds them, each with its standard deviation. `used` 0: nothing was compared yet. */
export interface Registration {
  readonly range_m: number | null;
  readonly range_sigma_m: number | null;
  readonly azimuth_deg: number | null;
  readonly azimuth_sigma_deg: number | null;
  readonly time_s: number;
  readonly time_sigma_s: number;
  readonly used: number;
  readonly blamed: number;
  readonly restarts: number;
}

export interface Health {
  readonly type: "health";
  readonly plots_per_s: number;
  readonly tracks: number;
  readonly simulated_tracks?: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly sensors: readonly SensorHealth[];
  /** Sources that send, but that the node knows no sensor for. */
  readonly unknown?: readonly { readonly sac: number; readonly sic: number; readonly category: number; readonly records: number }[];
}

export interface SensorsMet {
  readonly type: "sensors";
  readonly sensors: readonly Sensor[];
}

export interface MembersMet {
  readonly type: "members";
  readonly members: readonly string[];
}

/** A command that the node cannot follow. */
export interface Refused {
  readonly type: "refused";
  readonly reason: string;
}

export type Message = Hello | SensorsMet | MembersMet | Clock | Health | Refused;

export interface ReplayCommand {
  readonly paused?: boolean;
  readonly speed?: number;
  readonly seek_s?: number;
}

/** A text frame that is not what docs/reference/stream.md promises. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}

type Kind = "string" | "number" | "boolean" | "array";

const REQUIRED: Record<Message["type"], Record<string, Kind>> = {
  hello: { protocol: "number", node: "string", member: "string", mode: "string", sensors: "array" },
  sensors: { sensors: "array" },
  members: { members: "array" },
  clock: { time_s: "number", speed: "number", paused: "boolean" },
  health: { sensors: "array" },
  refused: { reason: "string" },
};

/** Parse one text frame. A `type` of a later protocol gives null and is passed over. */
export function parseMessage(text: string): Message | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MessageError("a text frame is not JSON");
  }
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    throw new MessageError("a text frame has no type");
  }
  const required = REQUIRED[value.type as Message["type"]];
  if (required === undefined) return null;
  for (const [name, kind] of Object.entries(required)) {
    const field = (value as Record<string, unknown>)[name];
    const fits = kind === "array" ? Array.isArray(field) : typeof field === kind;
    if (!fits) throw new MessageError(`${value.type}.${name} is not a ${kind}`);
  }
  return value as Message;
}
