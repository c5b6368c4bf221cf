/**
 * The console's worker: socket and picture live here, so that the page's thread is left to the operator.
 * At most one update is on its way to the page; what comes meanwhile is taken in, and shown with the next.
 */

import { Engine, type Post } from "./engine.ts";
import { Link } from "./link.ts";
import { wallClockS, type Counters, type ToWorker } from "./protocol.ts";

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;
const post: Post = (message, transfer) => scope.postMessage(message, transfer);
const NO_COUNTS = { frames: 0, malformed: 0, gaps: 0, connects: 0 };
/** Ten updates a second are as many as an operator can use; a replay at full speed sends more. */
const MIN_INTERVAL_MS = 100;

let link: Link | null = null;
let dirty = false;
let underway = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let lastShownMs = -Infinity;

const engine = new Engine(post, wallClockS, () => link?.counters ?? NO_COUNTS, () => changed());
const counters = (): Counters => ({
  ...(link?.counters ?? NO_COUNTS),
  refused: engine.picture.refused,
  overwritten: engine.trails.overwritten,
});

function changed(): void {
  dirty = true;
  if (underway || timer !== undefined) return;
  timer = setTimeout(show, Math.max(0, lastShownMs + MIN_INTERVAL_MS - performance.now()));
}

function show(): void {
  timer = undefined;
  if (!dirty || underway || !engine.hasPicture) return;
  dirty = false;
  underway = true;
  lastShownMs = performance.now();
  engine.show();
}

function connect(url: string): void {
  link = new Link(url, {
    state: (state) => post({ type: "link", link: state, counters: counters() }),
    message: (message) => engine.message(message),
    frame: (frame) => {
      engine.frame(frame);
      changed();
    },
  });
  link.connect();
}

scope.onmessage = ({ data }) => {
  switch (data.type) {
    case "connect":
      return connect(data.url);
    case "replay":
      return link?.send(data.command);
    case "view":
      return engine.setView(data.view);
    case "filter":
      engine.setFilter(data.text);
      return changed();
    case "view-as":
      return engine.viewAs(data.member, data.url);
    case "order":
      return engine.setOrder(data.order);
    case "rows":
      return engine.setWindow(data.first, data.count);
    case "select":
      return engine.select(data.track);
    case "pointer":
      return engine.setPointer(data.inside ? data : null);
    case "pick":
      return engine.pickAt(data.x, data.y);
    case "labels":
      return engine.setLabels(data.shown, data.charPx, data.vectorS);
    case "step":
      return engine.step(data.rows);
    case "drawn":
      underway = false;
      if (dirty) changed();
  }
};
