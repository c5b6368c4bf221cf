/**
 * The picture behind the page: takes the node's frames and the operator's wishes in, and says what is to be shown.
 * It knows neither sockets nor the page: `post` is where its words go, `wallS` is the clock.
 */

import { PictureClock, pictureTime } from "../model/clock.ts";
import { parseFilter, type Filter } from "../model/filter.ts";
import type { Frame, TracksFrame, TrailsFrame } from "../model/frame.ts";
import { mercatorX, mercatorY } from "../model/geo.ts";
import { buildInstances, buildPoints, buildSlotTable, type Origin } from "../model/instances.ts";
import { marksOf, membersOf, type Members } from "../model/members.ts";
import type { Message, Sensor } from "../model/messages.ts";
import { sortSlots, type Order } from "../model/order.ts";
import { Picture } from "../model/picture.ts";
import { buildScene, EMPTY_SCENE, pick, type Scene } from "../model/scene.ts";
import { cadence } from "../model/staleness.ts";
import { Trails } from "../model/trails.ts";
import type { View } from "../model/view.ts";
import { detailOf } from "./detail.ts";
import { Labelling, markOf } from "./labelling.ts";
import type { LinkCounters } from "./link.ts";
import type { Detail, FromWorker } from "./protocol.ts";
import { rowOf } from "./rows.ts";
import { Viewing } from "./viewing.ts";

const PICK_RADIUS_PX = 16;
/** A picture this much later than the last one is another scene: no trail leads from one to the other. */
const JUMP_S = 60;
/** Times on the graphics card are 32-bit floats: measured from an origin that is never further away than this. */
const ORIGIN_REACH_S = 6 * 3600;
/** The highest bit of `contributors` stands for all sensors from this index on. */
const SHARED_BIT = 31;

export type Post = (message: FromWorker, transfer?: Transferable[]) => void;

export class Engine {
  readonly picture = new Picture();
  readonly trails = new Trails();
  private readonly clock = new PictureClock();
  private readonly labelling = new Labelling();
  private readonly seen = { lastS: null as number | null, cadenceS: 1 };
  /** Another member's picture over ours, as long as the operator wants it. */
  readonly viewing: Viewing;
  private sensors: Sensor[] = [];
  private members: Members = [];
  private marks: readonly number[] = [];
  private scene: Scene = EMPTY_SCENE;
  private sorted: Int32Array = new Int32Array(0);
  private origin: Origin | null = null;
  private epoch = 0;
  private pointsSent = 0;
  private timeS = Number.NaN;
  private simulated = false;
  /** A connection begins: what follows is complete in itself. */
  private anew = true;
  private filter: Filter | null = null;
  private order: Order = { column: "track", descending: false };
  private window = { first: 0, count: 0 };
  private view: View | null = null;
  private selected: number | null = null;
  private lastDetail: Detail | null = null;
  private pointer: { x: number; y: number } | null = null;
  private labelsShown = true;

  constructor(
    private readonly post: Post,
    private readonly wallS: () => number,
    private readonly counters: () => LinkCounters,
    viewChanged: () => void = () => {},
  ) {
    this.viewing = new Viewing(viewChanged);
  }

  get nowS(): number {
    return pictureTime(this.clock.anchor, this.wallS());
  }

  /** What map and table show. */
  private get shown(): Picture {
    return this.viewing.state === null ? this.picture : this.viewing.picture;
  }

  get hasPicture(): boolean {
    return this.origin !== null;
  }

  // -- from the node ------------------------------------------------------------------------------------------

  message(message: Message): void {
    switch (message.type) {
      case "hello":
        this.anew = true;
        this.meet(message.sensors);
        this.meetMembers(membersOf(message));
        this.post({ type: "hello", hello: message });
        break;
      case "sensors":
        this.meet(message.sensors);
        this.post({ type: "sensors", sensors: message.sensors });
        break;
      case "members":
        this.meetMembers(message.members);
        this.post({ type: "members", members: message.members });
        break;
      case "clock":
        this.clock.told(message.speed, message.paused, message.ended, this.wallS());
        this.post({ type: "clock", clock: message, anchor: this.clock.anchor });
        break;
      case "health":
        this.post({ type: "health", health: message });
        break;
      case "refused":
        this.post({ type: "refused", reason: message.reason });
        break;
    }
  }

  private meet(sensors: readonly Sensor[]): void {
    this.sensors = [...sensors];
    this.labelling.sites = sensors
      .filter((s) => s.lat_deg !== null && s.lon_deg !== null)
      .map((s) => ({ x: mercatorX(s.lon_deg!), y: mercatorY(s.lat_deg!) }));
  }

  private meetMembers(members: Members): void {
    this.members = members;
    this.marks = marksOf(members);
    this.labelling.marked = members.length > 1;
  }

  frame(frame: Frame): void {
    const wallS = this.wallS();
    if (frame.timeS !== this.timeS) this.progress(wallS);
    if (frame.kind === "trails") this.takeTrails(frame);
    else this.takeTracks(frame, wallS);
  }

  /** The picture's time moved. A picture sent again, after a reconnection to a node that is stuck, is not fresh. */
  private progress(wallS: number): void {
    const { seen } = this;
    if (seen.lastS !== null) seen.cadenceS = cadence(seen.cadenceS, wallS - seen.lastS);
    seen.lastS = wallS;
    this.post({ type: "frame", wallS, cadenceS: seen.cadenceS });
  }

  private takeTracks(frame: TracksFrame, wallS: number): void {
    const step = frame.timeS - this.timeS;
    const jump = this.anew || !(step > -1 && step < JUMP_S);
    this.anew = false;
    this.clock.frame(frame.timeS, wallS, jump);
    this.timeS = frame.timeS;
    this.simulated = frame.simulated;
    if (jump) this.trails.clear();
    const touched = this.picture.apply(frame);
    if (jump || this.origin === null || frame.timeS - this.origin.timeS > ORIGIN_REACH_S) this.reorigin();
    const c = this.picture.columns;
    const spacingS = this.trails.spacingS(this.picture.size);
    for (const slot of touched) {
      if (slot < 0) continue;
      const speed = Math.hypot(c.vnMps[slot]!, c.veMps[slot]!);
      const place = [c.latE7[slot]!, c.lonE7[slot]!, c.altitudeM[slot]!, speed] as const;
      this.trails.offer(slot, c.generation[slot]!, frame.timeS, ...place, spacingS);
    }
  }

  private takeTrails(frame: TrailsFrame): void {
    const { track, first, latE7, lonE7, beforeS } = frame;
    for (let k = 0; k < frame.count; k++) {
      const slot = this.picture.slotOf(track[k]!);
      if (slot === undefined) continue;
      const generation = this.picture.columns.generation[slot]!;
      const end = k + 1 < frame.count ? first[k + 1]! : latE7.length;
      for (let p = first[k]!; p < end; p++) {
        this.trails.push(slot, generation, frame.timeS - beforeS[p]!, latE7[p]!, lonE7[p]!);
      }
    }
  }

  /** Measure from a new origin; what the page holds of trails is void. */
  private reorigin(): void {
    const slot = this.picture.slots[0];
    const c = this.picture.columns;
    const lon = slot === undefined ? 0 : c.lonE7[slot]! * 1e-7;
    const lat = slot === undefined ? 0 : c.latE7[slot]! * 1e-7;
    this.origin = { x: mercatorX(lon), y: mercatorY(lat), timeS: this.timeS };
    this.epoch++;
    this.pointsSent = 0;
  }

  // -- to the page --------------------------------------------------------------------------------------------

  /** Post everything that depends on the picture. */
  show(): void {
    if (this.origin === null) return;
    const nowS = this.nowS;
    this.viewing.lay(this.picture, this.members, nowS);
    this.reselect(nowS);
    const instances = buildInstances(this.scene, this.shown, this.origin, nowS, this.members.length > 1 ? this.marks : []);
    const points = buildPoints(this.trails, this.pointsSent, this.origin);
    this.pointsSent = this.trails.added;
    const { picture, trails, shown } = this;
    // Trails are of our own picture: over another's there are none.
    const slots = shown === picture ? buildSlotTable(this.scene, picture) : new Uint8Array(picture.slotLimit * 2);
    this.post(
      {
        type: "update",
        epoch: this.epoch,
        origin: this.origin,
        anchor: this.clock.anchor,
        timeS: this.timeS,
        simulated: this.simulated,
        total: shown.size,
        shown: this.scene.count,
        instances,
        points,
        slots,
        counters: { ...this.counters(), refused: picture.refused, overwritten: trails.overwritten },
      },
      [instances, points.buffer, slots.buffer],
    );
    this.post({ type: "viewed", state: this.viewing.state });
    this.showOrigins();
    this.showRows();
    this.showLabels();
    this.showDetail();
  }

  private showOrigins(): void {
    const counts = this.members.map(() => 0);
    const { origin } = this.picture.columns;
    for (const slot of this.picture.slots) if (origin[slot]! < counts.length) counts[origin[slot]!]!++;
    this.post({ type: "origins", counts });
  }

  /** Apply filter and order anew. */
  private reselect(nowS: number): void {
    const { shown: picture, filter } = this;
    const sensorBit = new Map(this.sensors.map((s) => [s.id.toLowerCase(), Math.min(s.index, SHARED_BIT)]));
    const context = { picture, nowS, sensorBit, members: this.members.map((member) => member.toLowerCase()) };
    const slots = Int32Array.from(filter ? picture.slots.filter((slot) => filter(slot, context)) : picture.slots);
    this.scene = buildScene(slots, picture);
    this.sorted = sortSlots(picture, slots, this.order);
  }

  showRows(): void {
    const { first, count } = this.window;
    const { nowS, members, marks, shown } = this;
    const context = { nowS, members, marks, sensorsOf: (bits: number) => this.sensorNames(bits) };
    const slots = this.sorted.subarray(first, first + count);
    const rows = Array.from(slots, (slot) => rowOf(shown, slot, context));
    const slot = this.selected === null ? undefined : shown.slotOf(this.selected);
    const selected = slot === undefined ? -1 : this.sorted.indexOf(slot);
    this.post({ type: "rows", total: this.sorted.length, first, rows, selected });
  }

  private sensorNames(bits: number): string {
    return this.sensors
      .filter((s) => (bits >>> Math.min(s.index, SHARED_BIT)) & 1)
      .map((s) => s.id)
      .join(" ");
  }

  showLabels(): void {
    const { scene, shown: picture, view, selected } = this;
    if (view === null) return;
    const labels = this.labelsShown ? this.labelling.place(scene, picture, view, this.nowS, selected) : [];
    this.post({ type: "labels", labels, selected: this.selectedMark() });
    this.showHovered();
  }

  private showHovered(): void {
    const { scene, shown: picture, view, pointer } = this;
    if (view === null) return;
    const nowS = this.nowS;
    const under = pointer ? pick(scene, view, nowS, pointer.x, pointer.y, PICK_RADIUS_PX) : -1;
    this.post({ type: "hovered", label: under >= 0 ? this.labelling.single(scene, picture, under, nowS) : null });
  }

  private selectedMark(): ReturnType<typeof markOf> | null {
    if (this.selected === null) return null;
    const slot = this.shown.slotOf(this.selected);
    const i = slot === undefined ? -1 : this.scene.slots.indexOf(slot);
    return i < 0 ? null : markOf(this.scene, this.shown, i);
  }

  private showDetail(): void {
    if (this.selected === null) {
      this.lastDetail = null;
    } else {
      const slot = this.picture.slotOf(this.selected);
      if (slot !== undefined) {
        const drawn = this.shown.slotOf(this.selected);
        const filtered = drawn === undefined || !this.scene.slots.includes(drawn);
        this.lastDetail = detailOf(this.picture, this.trails, slot, this.nowS, filtered, this.members);
      } else if (this.lastDetail?.track !== this.selected) {
        this.lastDetail = null;
      } else if (this.lastDetail.droppedS === null) {
        this.lastDetail = { ...this.lastDetail, droppedS: this.timeS };
      }
    }
    this.post({ type: "detail", detail: this.lastDetail });
  }

  // -- from the operator --------------------------------------------------------------------------------------

  setFilter(text: string): void {
    this.filter = parseFilter(text);
    // At once, though it is shown with the next picture: a step that is asked for next is in this table.
    if (this.origin !== null) this.reselect(this.nowS);
  }

  viewAs(member: string | null, url: string): void {
    this.viewing.show(member, url);
  }

  setOrder(order: Order): void {
    this.order = order;
    this.sorted = sortSlots(this.shown, this.sorted, order);
    this.showRows();
  }

  setWindow(first: number, count: number): void {
    this.window = { first: Math.max(0, first), count: Math.max(0, Math.min(500, count)) };
    this.showRows();
  }

  setView(view: View): void {
    this.view = view;
    this.showLabels();
  }

  setLabels(shown: boolean, charPx: number, vectorS: number): void {
    this.labelsShown = shown;
    this.labelling.charPx = charPx;
    this.labelling.vectorS = vectorS;
    this.showLabels();
  }

  setPointer(pointer: { x: number; y: number } | null): void {
    this.pointer = pointer;
    this.showHovered();
  }

  select(track: number | null): void {
    this.selected = track;
    this.showRows();
    this.showLabels();
    this.showDetail();
  }

  /** The track under a pixel. */
  pickAt(x: number, y: number): void {
    const i = this.view === null ? -1 : pick(this.scene, this.view, this.nowS, x, y, PICK_RADIUS_PX);
    const track = i < 0 ? null : this.shown.columns.track[this.scene.slots[i]!]!;
    this.post({ type: "picked", track, centre: false });
  }

  /** The track so many rows of the table below the selected one; the first one when none is selected. */
  step(rows: number): void {
    if (this.sorted.length === 0) return;
    const slot = this.selected === null ? undefined : this.shown.slotOf(this.selected);
    const at = slot === undefined ? -1 : this.sorted.indexOf(slot);
    const to = at < 0 ? 0 : Math.max(0, Math.min(this.sorted.length - 1, at + rows));
    this.post({ type: "picked", track: this.shown.columns.track[this.sorted[to]!]!, centre: false });
  }
}
