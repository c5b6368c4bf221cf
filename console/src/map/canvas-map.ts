/** The basemap drawn with Canvas, for machines without WebGL 2: the same ground, fewer comforts. */

import type { Position } from "geojson";
import { mercatorX, mercatorY } from "../model/geo.ts";
import type { Bounds } from "../model/messages.ts";
import { fitted, scaleOf, toScreen, zoomOf, type View } from "../model/view.ts";
import { MAX_ZOOM, MIN_ZOOM, type BaseMap, type BaseMapEvents } from "./base-map.ts";
import type { Palette } from "./palette.ts";
import { graticule, graticuleStep, type WorldMap } from "./world.ts";

const PAN_KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-100, 0], ArrowRight: [100, 0], ArrowUp: [0, -100], ArrowDown: [0, 100],
};

export class CanvasMap implements BaseMap {
  readonly kind = "canvas";
  private readonly canvas = document.createElement("canvas");
  private readonly land: Path2D;
  private readonly borders: Path2D;
  private readonly coasts: Path2D;
  private centreX = mercatorX(20);
  private centreY = mercatorY(40);
  private scale = scaleOf(3);
  private graticuleShown = true;
  private scheduled = 0;

  constructor(
    private readonly container: HTMLElement,
    world: WorldMap,
    private palette: Palette,
    private readonly events: BaseMapEvents,
  ) {
    this.land = pathOf(world.land.features.flatMap(({ geometry: g }) => (g.type === "Polygon" ? g.coordinates : g.coordinates.flat())));
    this.borders = pathOf(world.borders.coordinates);
    this.coasts = pathOf(world.coasts.coordinates);
    this.canvas.tabIndex = 0;
    this.canvas.className = "canvas-map";
    container.append(this.canvas);
    this.listen();
    this.resize();
  }

  view(): View {
    const { clientWidth: width, clientHeight: height } = this.container;
    return { x: this.centreX, y: this.centreY, scale: this.scale, width, height };
  }

  fit(bounds: Bounds): void {
    const { width, height } = this.view();
    const view = fitted(bounds, width, height);
    this.set(view.x, view.y, view.scale);
  }

  centre(lat: number, lon: number, zoom: number | null): void {
    this.set(mercatorX(lon), mercatorY(lat), zoom === null ? this.scale : scaleOf(zoom));
  }

  zoomBy(steps: number): void {
    const { width, height } = this.view();
    this.zoomAt(steps, width / 2, height / 2);
  }

  resize(): void {
    const dpr = devicePixelRatio;
    this.canvas.width = Math.max(1, Math.round(this.container.clientWidth * dpr));
    this.canvas.height = Math.max(1, Math.round(this.container.clientHeight * dpr));
    this.schedule();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.schedule();
  }

  setGraticule(shown: boolean): void {
    this.graticuleShown = shown;
    this.schedule();
  }

  destroy(): void {
    cancelAnimationFrame(this.scheduled);
    this.canvas.remove();
  }

  private set(x: number, y: number, scale: number): void {
    this.scale = Math.max(scaleOf(MIN_ZOOM), Math.min(scaleOf(MAX_ZOOM), scale));
    this.centreX = x - Math.floor(x);
    this.centreY = Math.max(0, Math.min(1, y));
    this.schedule();
  }

  private zoomAt(steps: number, px: number, py: number): void {
    const before = this.view();
    const zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoomOf(before) + steps));
    const scale = scaleOf(zoom);
    const dx = (px - before.width / 2) * (1 / before.scale - 1 / scale);
    const dy = (py - before.height / 2) * (1 / before.scale - 1 / scale);
    this.set(before.x + dx, before.y + dy, scale);
  }

  private listen(): void {
    const pan = (dx: number, dy: number): void => this.set(this.centreX + dx / this.scale, this.centreY + dy / this.scale, this.scale);
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) pan(-event.movementX, -event.movementY);
    });
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomAt(-event.deltaY / 300, event.offsetX, event.offsetY);
    }, { passive: false });
    this.canvas.addEventListener("keydown", (event) => {
      const step = PAN_KEYS[event.key];
      if (step) pan(...step);
      else if (event.key === "+" || event.key === "-") this.zoomBy(event.key === "+" ? 1 : -1);
    });
  }

  private schedule(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const g = this.canvas.getContext("2d")!;
    const view = this.view();
    const dpr = devicePixelRatio;
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.fillStyle = this.palette.sea;
    g.fillRect(0, 0, view.width, view.height);
    for (const copy of [-1, 0, 1]) {
      const x = view.width / 2 + (copy - view.x) * view.scale;
      const y = view.height / 2 - view.y * view.scale;
      if (x > view.width || x + view.scale < 0) continue;
      g.setTransform(view.scale * dpr, 0, 0, view.scale * dpr, x * dpr, y * dpr);
      g.fillStyle = this.palette.land;
      g.fill(this.land, "evenodd");
      g.lineWidth = 1 / view.scale;
      g.strokeStyle = this.palette.border;
      g.stroke(this.borders);
      g.strokeStyle = this.palette.coast;
      g.stroke(this.coasts);
    }
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    if (this.graticuleShown) this.drawGraticule(g, view);
    this.events.drawn(view);
  }

  private drawGraticule(g: CanvasRenderingContext2D, view: View): void {
    g.strokeStyle = this.palette.graticule;
    g.lineWidth = 1;
    g.beginPath();
    for (const { geometry } of graticule(graticuleStep(zoomOf(view))).features) {
      const [lon0 = 0, lat0 = 0] = geometry.coordinates[0]!;
      const last = geometry.coordinates.at(-1)!;
      const [px, py] = toScreen(view, mercatorX(lon0), mercatorY(lat0));
      if (lon0 === last[0]) {
        g.moveTo(px, 0);
        g.lineTo(px, view.height);
      } else {
        g.moveTo(0, py);
        g.lineTo(view.width, py);
      }
    }
    g.stroke();
  }
}

/** Lines or rings as one path on the Mercator square. */
function pathOf(lines: readonly (readonly Position[])[]): Path2D {
  const path = new Path2D();
  for (const line of lines) {
    line.forEach(([lon = 0, lat = 0], k) => {
      if (k === 0) path.moveTo(mercatorX(lon), mercatorY(lat));
      else path.lineTo(mercatorX(lon), mercatorY(lat));
    });
  }
  return path;
}
