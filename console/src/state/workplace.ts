/**
 * What the page knows: the latest word of the worker on every topic, and the operator's own choices. Components follow
 * topics and call the methods below; nothing else holds state that two of them share.
 */

import { STANDING, pictureTime, type Anchor } from "../model/clock.ts";
import type { Clock, Health, Hello, ReplayCommand, Sensor } from "../model/messages.ts";
import { membersOf, type Members } from "../model/members.ts";
import type { Order } from "../model/order.ts";
import { freshness, type Freshness } from "../model/staleness.ts";
import type { Settings } from "../model/settings.ts";
import type { View } from "../model/view.ts";
import {
  wallClockS, type Counters, type Detail, type FromWorker, type Label, type LinkState, type Mark, type Row, type ToWorker, type Update,
} from "../worker/protocol.ts";
import { TrackStore } from "../map/track-store.ts";
import type { ViewState } from "../worker/viewing.ts";
import { Nouns } from "./nouns.ts";
import { Sharing } from "./sharing.ts";
import { loadSettings, saveSettings } from "./storage.ts";
import { emptyStats, type Stats } from "./stats.ts";
import { Tour } from "./tour.ts";

export type Topic =
  | "hello" | "sensors" | "clock" | "health" | "link" | "frame" | "update" | "rows" | "labels" | "hovered"
  | "detail" | "selection" | "filter" | "order" | "settings" | "notice" | "centre" | "fit" | "tool" | "pointer" | "view"
  | "members" | "sharing" | "nouns" | "viewed" | "origins" | "tab" | "question" | "tour";

/** What the side panel shows. */
export const TABS = ["tracks", "agreements", "partners"] as const;
export type Tab = (typeof TABS)[number];

/** Something to be confirmed before it is done. */
export interface Question {
  readonly title: string;
  /** What will happen, sentence by sentence. */
  readonly words: readonly string[];
  readonly action: string;
  readonly wantsReason: boolean;
  readonly run: (reason: string) => void;
}

export interface Rows {
  readonly total: number;
  readonly first: number;
  readonly rows: readonly Row[];
  /** Place of the selected track in the order; -1 when it is not in it. */
  readonly selected: number;
}

/** Mean width of a label's character in the font of map/overlay.ts. */
const LABEL_CHAR_PX = 6.9;
const NO_COUNTS: Counters = { frames: 0, malformed: 0, gaps: 0, connects: 0, refused: 0, overwritten: 0 };

export class Workplace {
  hello: Hello | null = null;
  sensors: readonly Sensor[] = [];
  clock: Clock | null = null;
  anchor: Anchor = STANDING;
  health: Health | null = null;
  link: LinkState = { state: "connecting" };
  counters: Counters = NO_COUNTS;
  update: Update | null = null;
  rows: Rows = { total: 0, first: 0, rows: [], selected: -1 };
  labels: readonly Label[] = [];
  selectedMark: Mark | null = null;
  hovered: Label | null = null;
  detail: Detail | null = null;
  selected: number | null = null;
  filter = "";
  order: Order = { column: "track", descending: false };
  settings: Settings = loadSettings();
  notice = "";
  measuring = false;
  pointer: { lat: number; lon: number } | null = null;
  view: View | null = null;
  members: Members = [];
  /** Tracks of each member, in the order of `members`. */
  origins: readonly number[] = [];
  /** The picture as another member sees it, while it is shown. */
  viewed: ViewState | null = null;
  tab: Tab = "tracks";
  question: Question | null = null;
  readonly sharing = new Sharing(() => this.member, () => this.emit("sharing"));
  readonly nouns = new Nouns(() => this.emit("nouns"));
  readonly tour = new Tour(this, () => this.emit("tour"));
  readonly store = new TrackStore();
  readonly stats: Stats = emptyStats();

  private lastFrameS: number | null = null;
  private cadenceS = 1;
  private readonly listeners = new Map<Topic, Set<() => void>>();
  private readonly worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "asman" });

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<FromWorker>) => this.hear(event.data));
  }

  connect(url: string): void {
    this.tell({ type: "connect", url });
    this.tellLabels();
  }

  /** Call `listener` at every change of a topic; returns what ends it. */
  on(topic: Topic, listener: () => void): () => void {
    const set = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, set.add(listener));
    return () => void set.delete(listener);
  }

  get nowS(): number {
    return pictureTime(this.anchor, wallClockS());
  }

  get simulated(): boolean {
    return (this.update?.simulated ?? false) || (this.hello?.simulated ?? false);
  }

  /** Whether live tracks stand among simulated ones. */
  get mixed(): boolean {
    if (!this.simulated || this.health === null) return false;
    const { tracks, simulated_tracks: simulated = tracks } = this.health;
    return simulated > 0 && simulated < tracks;
  }

  get freshness(): Freshness {
    const standing = this.clock !== null && (this.clock.paused || this.clock.ended);
    const linked = this.link.state === "open";
    return freshness({ lastFrameS: this.lastFrameS, cadenceS: this.cadenceS, standing, linked }, wallClockS());
  }

  /** The node's member; empty before its first word. */
  get member(): string {
    return this.hello?.member ?? "";
  }

  /** Whether the node has partners, or may have some. */
  get federated(): boolean {
    return this.members.length > 1;
  }

  /** Members whose view of the picture can be shown. */
  get partners(): readonly string[] {
    return this.members.filter((member) => member !== this.member);
  }

  // -- the operator's choices ---------------------------------------------------------------------------------

  select(track: number | null): void {
    if (track === this.selected) return;
    this.selected = track;
    this.detail = null;
    this.tell({ type: "select", track });
    this.emit("selection");
    if (track !== null) this.show("tracks");
  }

  /** Turn the side panel to a tab. */
  show(tab: Tab): void {
    if (tab === this.tab) return;
    this.tab = tab;
    this.emit("tab");
  }

  /** Turn to a tab, and open the side panel where it is closed. */
  open(tab: Tab): void {
    if (!this.settings.dock) this.change({ dock: true });
    this.show(tab);
  }

  /** Ask a person; null withdraws the question. */
  ask(question: Question | null): void {
    if (question === this.question) return;
    this.question = question;
    this.emit("question");
  }

  /** Show the picture as `member` sees it; null: our own. */
  viewAs(member: string | null): void {
    const url = member === null ? "" : new URL(`api/view/${encodeURIComponent(member)}`, location.href).href;
    this.tell({ type: "view-as", member, url });
  }

  setFilter(text: string): void {
    this.filter = text;
    this.tell({ type: "filter", text });
    this.emit("filter");
  }

  setOrder(order: Order): void {
    this.order = order;
    this.tell({ type: "order", order });
    this.emit("order");
  }

  setWindow(first: number, count: number): void {
    this.tell({ type: "rows", first, count });
  }

  setView(view: View): void {
    this.view = view;
    this.tell({ type: "view", view });
    this.emit("view");
  }

  change(patch: Partial<Settings>): void {
    this.settings = { ...this.settings, ...patch };
    saveSettings(this.settings);
    // Before anybody reads colours: they follow this attribute.
    document.documentElement.dataset["palette"] = this.settings.palette;
    if ("labels" in patch || "vectorMinutes" in patch) this.tellLabels();
    this.emit("settings");
  }

  setMeasuring(measuring: boolean): void {
    this.measuring = measuring;
    this.emit("tool");
  }

  setPointer(at: { x: number; y: number; place: { lat: number; lon: number } } | null): void {
    this.pointer = at?.place ?? null;
    this.tell({ type: "pointer", x: at?.x ?? 0, y: at?.y ?? 0, inside: at !== null });
    this.emit("pointer");
  }

  pick(x: number, y: number): void {
    this.tell({ type: "pick", x, y });
  }

  /** Select the track so many rows of the table further down. */
  step(rows: number): void {
    this.tell({ type: "step", rows });
  }

  centre(): void {
    this.emit("centre");
  }

  fit(): void {
    this.emit("fit");
  }

  replay(command: ReplayCommand): void {
    this.tell({ type: "replay", command });
  }

  say(notice: string): void {
    this.notice = notice;
    this.emit("notice");
  }

  // -- the worker's words -------------------------------------------------------------------------------------

  private hear(message: FromWorker): void {
    switch (message.type) {
      case "update":
        return this.hearUpdate(message);
      case "hello":
        this.hello = message.hello;
        this.sensors = message.hello.sensors;
        this.emit("hello");
        this.meet(membersOf(message.hello));
        return this.emit("sensors");
      case "sensors":
        this.sensors = message.sensors;
        return this.emit("sensors");
      case "members":
        return this.meet(message.members);
      case "clock":
        this.clock = message.clock;
        this.anchor = message.anchor;
        return this.emit("clock");
      case "health":
        this.health = message.health;
        return this.emit("health");
      case "link":
        this.link = message.link;
        this.counters = message.counters;
        this.stats.counters = message.counters;
        this.follow();
        return this.emit("link");
      case "frame":
        this.lastFrameS = message.wallS;
        this.cadenceS = message.cadenceS;
        return this.emit("frame");
      case "labels":
        this.labels = message.labels;
        this.selectedMark = message.selected;
        this.stats.labels = message.labels.length;
        return this.emit("labels");
      case "hovered":
        this.hovered = message.label;
        return this.emit("hovered");
      case "rows":
        this.rows = message;
        return this.emit("rows");
      case "viewed":
        return this.hearViewed(message.state);
      case "origins":
        this.origins = message.counts;
        this.tour.watch();
        return this.emit("origins");
      case "picked":
        return this.select(message.track);
      case "detail":
        if (message.detail !== null && message.detail.track !== this.selected) return;
        this.detail = message.detail;
        return this.emit("detail");
      case "refused":
        return this.say(message.reason);
    }
  }

  private meet(members: Members): void {
    this.members = members;
    this.emit("members");
    this.follow();
  }

  private hearViewed(state: ViewState | null): void {
    if (state === null && this.viewed === null) return;
    this.viewed = state;
    this.emit("viewed");
  }

  /** Agreements and links are asked for while there may be some, and somebody to ask. */
  private follow(): void {
    if (this.federated && this.link.state === "open") {
      this.sharing.start();
      this.nouns.start();
    } else {
      this.sharing.stop();
      this.nouns.stop();
    }
  }

  private hearUpdate(update: Update): void {
    const begun = performance.now();
    this.update = update;
    this.store.take(update);
    this.anchor = update.anchor;
    this.emit("update");
    this.tell({ type: "drawn" });
    this.stats.tracks = update.total;
    this.stats.shown = update.shown;
    this.stats.counters = update.counters;
    this.stats.updates.add(performance.now() - begun);
  }

  private tellLabels(): void {
    const { labels, vectorMinutes } = this.settings;
    this.tell({ type: "labels", shown: labels, charPx: LABEL_CHAR_PX, vectorS: vectorMinutes * 60 });
  }

  private tell(message: ToWorker): void {
    this.worker.postMessage(message);
  }

  private emit(topic: Topic): void {
    for (const listener of this.listeners.get(topic) ?? []) listener();
  }
}
