/** What the page and its worker say to each other. Large arrays are transferred, never copied. */

import type { Anchor } from "../model/clock.ts";
import type { Origin } from "../model/instances.ts";
import type { Clock, Health, Hello, ReplayCommand, Sensor } from "../model/messages.ts";
import type { Order } from "../model/order.ts";
import type { View } from "../model/view.ts";
import type { ViewState } from "./viewing.ts";

export type ToWorker =
  | { readonly type: "connect"; readonly url: string }
  | { readonly type: "replay"; readonly command: ReplayCommand }
  | { readonly type: "view"; readonly view: View }
  | { readonly type: "filter"; readonly text: string }
  | { readonly type: "order"; readonly order: Order }
  | { readonly type: "rows"; readonly first: number; readonly count: number }
  | { readonly type: "select"; readonly track: number | null }
  | { readonly type: "pointer"; readonly x: number; readonly y: number; readonly inside: boolean }
  | { readonly type: "pick"; readonly x: number; readonly y: number }
  | { readonly type: "labels"; readonly shown: boolean; readonly charPx: number; readonly vectorS: number }
  | { readonly type: "step"; readonly rows: number }
  /** Show the picture as another member sees it; null: our own. */
  | { readonly type: "view-as"; readonly member: string | null; readonly url: string }
  | { readonly type: "drawn" };

/** A track's place on the Mercator square, and how it moves on. */
export interface Mark {
  readonly track: number;
  readonly x: number;
  readonly y: number;
  readonly vx: number;
  readonly vy: number;
  readonly timeS: number;
}

export interface Label extends Mark {
  readonly lines: readonly [string, string];
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
  readonly leader: boolean;
  readonly coasting: boolean;
}

export interface Row {
  readonly track: number;
  readonly cells: readonly string[];
  readonly coasting: boolean;
  readonly simulated: boolean;
  /** Whether another member's picture, laid over ours, has it as well. */
  readonly seen: "both" | "only-we" | "only-they";
  /** Mark of the member whose it is; -1 where nobody knows. */
  readonly mark: number;
}

export interface TrailPoint {
  readonly timeS: number;
  readonly lat: number;
  readonly lon: number;
  readonly altitudeM: number;
  readonly speedMps: number;
}

export interface Detail {
  readonly track: number;
  readonly name: string;
  readonly callsign: string;
  readonly address: number | null;
  readonly mode3a: number | null;
  readonly lat: number;
  readonly lon: number;
  readonly altitudeM: number;
  readonly speedMps: number;
  readonly courseDeg: number;
  readonly climbMps: number;
  readonly sigmaM: number;
  readonly existence: number;
  readonly plots: number;
  readonly lastPlotS: number;
  readonly timeS: number;
  readonly contributors: number;
  readonly flags: number;
  /** Member whose it is; empty where nobody knows. */
  readonly origin: string;
  /** It left the picture at this time of the picture; null while it is in it. */
  readonly droppedS: number | null;
  /** Hidden on map and table by the filter. */
  readonly filtered: boolean;
  readonly trail: readonly TrailPoint[];
}

export type LinkState =
  | { readonly state: "connecting" }
  | { readonly state: "open" }
  | { readonly state: "waiting"; readonly retryS: number; readonly reason: string }
  | { readonly state: "refused"; readonly reason: string };

export interface Counters {
  readonly frames: number;
  readonly malformed: number;
  readonly gaps: number;
  readonly connects: number;
  readonly refused: number;
  readonly overwritten: number;
}

export interface Update {
  readonly type: "update";
  /** Rises whenever what the page holds of trails is to be thrown away. */
  readonly epoch: number;
  readonly origin: Origin;
  readonly anchor: Anchor;
  readonly timeS: number;
  readonly simulated: boolean;
  readonly total: number;
  readonly shown: number;
  readonly instances: ArrayBuffer;
  readonly points: { readonly first: number; readonly buffer: ArrayBuffer };
  readonly slots: Uint8Array;
  readonly counters: Counters;
}

export type FromWorker =
  | Update
  | { readonly type: "hello"; readonly hello: Hello }
  | { readonly type: "members"; readonly members: readonly string[] }
  | { readonly type: "sensors"; readonly sensors: readonly Sensor[] }
  | { readonly type: "clock"; readonly clock: Clock; readonly anchor: Anchor }
  | { readonly type: "health"; readonly health: Health }
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "link"; readonly link: LinkState; readonly counters: Counters }
  /** A binary frame came, even if nothing changed. */
  | { readonly type: "frame"; readonly wallS: number; readonly cadenceS: number }
  | { readonly type: "labels"; readonly labels: readonly Label[]; readonly selected: Mark | null }
  | { readonly type: "hovered"; readonly label: Label | null }
  | { readonly type: "rows"; readonly total: number; readonly first: number; readonly rows: readonly Row[]; readonly selected: number }
  | { readonly type: "picked"; readonly track: number | null; readonly centre: boolean }
  | { readonly type: "viewed"; readonly state: ViewState | null }
  /** Tracks of each member in our own picture, in the order of the node's table. */
  | { readonly type: "origins"; readonly counts: readonly number[] }
  | { readonly type: "detail"; readonly detail: Detail | null };

/** Seconds of a clock that page and worker share and that never steps back. */
export const wallClockS = (): number => (performance.timeOrigin + performance.now()) / 1000;
