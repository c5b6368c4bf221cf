/**
 * The map's canvases one above the other: ground, tracks, writing. The stage decides when each is drawn: at once with
 * the ground, soon after an update, and in between only as often as anything can be seen to move.
 */

import { pictureTime, STANDING, type Anchor } from "../model/clock.ts";
import { letters, marksOf, SHAPES, type Members } from "../model/members.ts";
import type { Bounds, Sensor } from "../model/messages.ts";
import type { Settings } from "../model/settings.ts";
import { metresPerPixel, toLatLon, zoomOf, type View } from "../model/view.ts";
import { GlRenderer } from "../gl/gl-renderer.ts";
import type { Stats } from "../state/stats.ts";
import { wallClockS, type Label, type Mark, type TrailPoint, type Update } from "../worker/protocol.ts";
import { reducedMotion, type BaseMap } from "./base-map.ts";
import { CanvasMap } from "./canvas-map.ts";
import { CanvasRenderer } from "./canvas-renderer.ts";
import { Overlay, type Place } from "./overlay.ts";
import { readPalette, type Palette } from "./palette.ts";
import { symbolSizePx, visibleSeconds, type TrackRenderer } from "./renderer.ts";
import type { TrackStore } from "./track-store.ts";
import { loadWorld, type WorldMap } from "./world.ts";

const BUSY_MS = 40;
const FASTEST_MPS = 350;
/** A symbol is moved when it is this far from where it is drawn. */
const VISIBLE_STEP_PX = 0.5;

export interface StageEvents {
  viewChanged(view: View): void;
  pointer(at: { x: number; y: number; place: Place } | null): void;
  clicked(x: number, y: number): void;
}

export class Stage {
  private readonly trackCanvas = canvasOf("tracks");
  private readonly writingCanvas = canvasOf("writing");
  private readonly overlay = new Overlay(this.writingCanvas.getContext("2d")!);
  private readonly resizing: ResizeObserver;
  private palette: Palette = readPalette();
  private anchor: Anchor = STANDING;
  private names: readonly string[] = [];
  private sensors: readonly Sensor[] = [];
  private labels: readonly Label[] = [];
  private selected: Mark | null = null;
  private hovered: Label | null = null;
  private trail: readonly TrailPoint[] = [];
  private measure: { from: Place; to: Place } | null = null;
  private measuring = false;
  private view: View | null = null;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private pressed: { x: number; y: number } | null = null;

  private constructor(
    private readonly container: HTMLElement,
    readonly base: BaseMap,
    private readonly events: StageEvents,
    private settings: Settings,
    private readonly store: TrackStore,
    private readonly stats: Stats,
  ) {
    stats.base = base.kind;
    stats.renderer = this.renderer.kind;
    container.append(this.trackCanvas, this.writingCanvas);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(container);
    this.listen();
  }

  readonly renderer: TrackRenderer = this.createRenderer();

  static async open(container: HTMLElement, settings: Settings, events: StageEvents, store: TrackStore, stats: Stats): Promise<Stage> {
    const world = await loadWorld();
    let stage: Stage | null = null;
    const drawn = (view: View): void => stage?.groundDrawn(view);
    const base = await openBase(container, world, readPalette(), drawn);
    stage = new Stage(container, base, events, settings, store, stats);
    stage.resize();
    stage.groundDrawn(base.view());
    stage.configure(settings);
    return stage;
  }

  update(update: Update): void {
    this.renderer.upload(update);
    this.anchor = update.anchor;
    this.redraw();
  }

  setAnchor(anchor: Anchor): void {
    this.anchor = anchor;
    this.redraw();
  }

  /** Members whose tracks are told apart; nothing is marked where there is one alone. */
  setMembers(members: Members): void {
    const marks = marksOf(members);
    this.names = members.length < 2 ? [] : SHAPES.map((_, mark) => letters(members[marks.indexOf(mark)] ?? ""));
    this.renderer.dress(this.palette, this.names);
    this.redraw();
  }

  setSensors(sensors: readonly Sensor[]): void {
    this.sensors = sensors;
    this.redraw();
  }

  setLabels(labels: readonly Label[], selected: Mark | null): void {
    this.labels = labels;
    this.selected = selected;
    this.redraw();
  }

  setHovered(label: Label | null): void {
    if (label === null && this.hovered === null) return;
    this.hovered = label;
    this.container.style.cursor = label && !this.measuring ? "pointer" : "";
    this.redraw();
  }

  setTrail(trail: readonly TrailPoint[]): void {
    this.trail = trail;
    this.redraw();
  }

  configure(settings: Settings): void {
    const repaint = settings.palette !== this.settings.palette;
    this.settings = settings;
    if (repaint) {
      this.palette = readPalette();
      this.base.setPalette(this.palette);
      this.renderer.dress(this.palette, this.names);
    }
    this.base.setGraticule(settings.graticule);
    this.redraw();
  }

  setMeasuring(measuring: boolean): void {
    this.measuring = measuring;
    this.measure = null;
    this.container.classList.toggle("measuring", measuring);
    this.redraw();
  }

  fit(bounds: Bounds): void {
    this.base.fit(bounds);
  }

  destroy(): void {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.resizing.disconnect();
    this.renderer.destroy();
    this.base.destroy();
  }

  get nowS(): number {
    return pictureTime(this.anchor, wallClockS());
  }

  private createRenderer(): TrackRenderer {
    if (this.base.kind === "maplibre") {
      const gl = this.trackCanvas.getContext("webgl2", { alpha: true, antialias: false, premultipliedAlpha: true });
      if (gl) return new GlRenderer(gl, this.store, this.palette);
    }
    return new CanvasRenderer(this.trackCanvas.getContext("2d")!, this.store, this.palette);
  }

  private groundDrawn(view: View): void {
    const old = this.view;
    this.view = view;
    const moved = old === null || old.x !== view.x || old.y !== view.y || old.scale !== view.scale;
    if (moved || old.width !== view.width || old.height !== view.height) this.events.viewChanged(view);
    this.draw();
  }

  /** Draw with the next frame of the screen, or as soon as a slow graphics card is done with the last one. */
  private redraw(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.renderer.busy) {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.redraw(), BUSY_MS);
      } else {
        this.draw();
      }
    });
  }

  private draw(): void {
    const { view, settings } = this;
    if (view === null) return;
    const begun = performance.now();
    const { nowS } = this;
    const symbolPx = symbolSizePx(zoomOf(view), this.store.count);
    const seen = (minutes: number): number => visibleSeconds(minutes * 60, metresPerPixel(view), symbolPx, this.store.count);
    const scenery = { view, nowS, symbolPx, vectorS: seen(settings.vectorMinutes), trailS: seen(settings.trailMinutes) };
    this.renderer.draw(scenery);
    this.overlay.draw({
      view,
      nowS,
      symbolPx,
      palette: this.palette,
      sensors: this.sensors,
      showSensors: settings.sensors,
      showRings: settings.rings,
      labels: settings.labels ? this.labels : this.labels.filter((label) => label.track === this.selected?.track),
      selected: this.selected,
      hovered: this.hovered,
      trail: this.trail,
      measure: this.measure,
    });
    this.stats.draws.add(performance.now() - begun);
    this.drawAgain(view);
  }

  /** Draw again when the fastest aircraft has moved by a visible step; never when the picture stands. */
  private drawAgain(view: View): void {
    clearTimeout(this.timer);
    const rate = this.anchor.rate;
    if (rate <= 0 || this.store.count === 0 || document.hidden) return;
    const pxPerS = (FASTEST_MPS * rate) / metresPerPixel(view);
    const soonest = reducedMotion() ? 1000 : 33;
    this.timer = setTimeout(() => this.redraw(), Math.max(soonest, Math.min(1000, (1000 * VISIBLE_STEP_PX) / pxPerS)));
  }

  private resize(): void {
    const { clientWidth: width, clientHeight: height } = this.container;
    for (const canvas of [this.trackCanvas, this.writingCanvas]) {
      canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
      canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
    }
    this.base.resize();
    this.groundDrawn(this.base.view());
  }

  private listen(): void {
    const at = (event: PointerEvent): { x: number; y: number; place: Place } | null => {
      if (this.view === null) return null;
      const box = this.container.getBoundingClientRect();
      const x = event.clientX - box.left;
      const y = event.clientY - box.top;
      const [lat, lon] = toLatLon(this.view, x, y);
      return { x, y, place: { lat, lon } };
    };
    this.container.addEventListener("pointerdown", (event) => {
      this.pressed = { x: event.clientX, y: event.clientY };
    });
    this.container.addEventListener("pointerup", (event) => {
      const pressed = this.pressed;
      this.pressed = null;
      const point = at(event);
      if (!pressed || !point || Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4) return;
      if (this.measuring) this.measureTo(point.place);
      else this.events.clicked(point.x, point.y);
    });
    this.container.addEventListener("pointermove", (event) => {
      const point = at(event);
      this.events.pointer(point);
      if (this.measuring && this.measure && point && !this.measureDone) {
        this.measure = { from: this.measure.from, to: point.place };
        this.redraw();
      }
    });
    this.container.addEventListener("pointerleave", () => this.events.pointer(null));
    document.addEventListener("visibilitychange", () => this.redraw());
  }

  private measureDone = false;

  /** First click: from here. Second: to here. Third: anew. */
  private measureTo(place: Place): void {
    if (this.measure === null || this.measureDone) {
      this.measure = { from: place, to: place };
      this.measureDone = false;
    } else {
      this.measure = { from: this.measure.from, to: place };
      this.measureDone = true;
    }
    this.redraw();
  }
}

function canvasOf(name: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = `layer ${name}`;
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

function hasWebGl2(): boolean {
  const probe = document.createElement("canvas").getContext("webgl2");
  probe?.getExtension("WEBGL_lose_context")?.loseContext();
  return probe !== null;
}

/** MapLibre where there is WebGL 2, else Canvas. MapLibre is loaded only where it can run. */
async function openBase(container: HTMLElement, world: WorldMap, palette: Palette, drawn: (view: View) => void): Promise<BaseMap> {
  if (hasWebGl2()) {
    const { MapLibreMap } = await import("./maplibre-map.ts");
    return MapLibreMap.open(container, world, palette, { drawn });
  }
  return new CanvasMap(container, world, palette, { drawn });
}
