/** Symbols, vectors and trails with Canvas, where there is no WebGL 2: the same rows, drawn one by one. */

import { drawAtlas } from "../gl/atlas.ts";
import { CELL_PX } from "../gl/marks.ts";
import { BADGE_CELLS, SHAPE_CELLS } from "../model/instances.ts";
import type { Palette } from "./palette.ts";
import { BADGE_FROM_PX, MARK_OFFSET, markSizePx, type Scenery, type TrackRenderer } from "./renderer.ts";
import type { TrackStore } from "./track-store.ts";

/** Trail points drawn at most; the oldest are left out first. */
const TRAIL_BUDGET = 30_000;

export class CanvasRenderer implements TrackRenderer {
  readonly kind = "canvas2d";
  readonly busy = false;
  private atlas: HTMLCanvasElement;

  constructor(
    private readonly g: CanvasRenderingContext2D,
    private readonly store: TrackStore,
    private palette: Palette,
  ) {
    this.atlas = drawAtlas(palette);
  }

  dress(palette: Palette, names: readonly string[]): void {
    this.palette = palette;
    this.atlas = drawAtlas(palette, names);
  }

  upload(): void {
    // The store already holds what is drawn.
  }

  draw(scenery: Scenery): void {
    const { g } = this;
    const { view } = scenery;
    const dpr = g.canvas.width / Math.max(1, view.width);
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, view.width, view.height);
    if (scenery.trailS > 0) this.drawTrails(scenery);
    this.drawTracks(scenery);
  }

  destroy(): void {
    this.store.count = 0;
  }

  /** Pixel of a Mercator position that is given from the store's origin. */
  private place({ view }: Scenery, x: number, y: number): [number, number] {
    let dx = x + this.store.origin.x - view.x;
    dx -= Math.round(dx);
    return [view.width / 2 + dx * view.scale, view.height / 2 + (y + this.store.origin.y - view.y) * view.scale];
  }

  private drawTrails(scenery: Scenery): void {
    const { g, store } = this;
    const floats = new Float32Array(store.points.buffer);
    const words = new Uint16Array(store.points.buffer);
    const now = scenery.nowS - store.origin.timeS;
    g.fillStyle = this.palette.trail;
    let left = TRAIL_BUDGET;
    for (const { at, count } of store.recent(now - scenery.trailS).toReversed()) {
      for (let i = at + count - 1; i >= at && left > 0; i--) {
        const slot = words[i * 8 + 6]!;
        const age = now - floats[i * 4 + 2]!;
        const seen = store.slots[slot * 2 + 1] === 255 && store.slots[slot * 2] === words[i * 8 + 7];
        if (!seen || age > scenery.trailS) continue;
        const [px, py] = this.place(scenery, floats[i * 4]!, floats[i * 4 + 1]!);
        if (px < 0 || py < 0 || px > scenery.view.width || py > scenery.view.height) continue;
        g.globalAlpha = 0.9 * (1 - (0.8 * Math.max(0, age)) / scenery.trailS);
        g.fillRect(px - 1, py - 1, 2, 2);
        left--;
      }
    }
    g.globalAlpha = 1;
  }

  private drawTracks(scenery: Scenery): void {
    const { g, store } = this;
    const rows = new Float32Array(store.instances);
    const octets = new Uint8Array(store.instances);
    const now = scenery.nowS - store.origin.timeS;
    const { view, symbolPx: size, vectorS } = scenery;
    g.strokeStyle = this.palette.vector;
    g.lineWidth = 1.25;
    for (let i = 0; i < store.count; i++) {
      const f = i * 6;
      const vx = rows[f + 2]!;
      const vy = rows[f + 3]!;
      const dt = now - rows[f + 4]!;
      const [px, py] = this.place(scenery, rows[f]! + vx * dt, rows[f + 1]! + vy * dt);
      if (px < -40 || py < -40 || px > view.width + 40 || py > view.height + 40) continue;
      const cell = octets[i * 24 + 20]!;
      const unseen = (octets[i * 24 + 22]! & 2) !== 0;
      g.globalAlpha = 0.42 + (unseen ? 0 : (0.58 * octets[i * 24 + 21]!) / 255);
      if (vectorS > 0 && !unseen) {
        g.setLineDash(octets[i * 24 + 22]! & 1 ? [4, 4] : []);
        g.beginPath();
        g.moveTo(px, py);
        g.lineTo(px + vx * vectorS * view.scale, py + vy * vectorS * view.scale);
        g.stroke();
      }
      g.drawImage(this.atlas, cell * CELL_PX, 0, CELL_PX, CELL_PX, px - size / 2, py - size / 2, size, size);
      const mark = octets[i * 24 + 23]!;
      if (mark > 0) {
        const from = ((size >= BADGE_FROM_PX ? BADGE_CELLS : SHAPE_CELLS) + mark - 1) * CELL_PX;
        const edge = markSizePx(size);
        g.drawImage(this.atlas, from, 0, CELL_PX, CELL_PX, px + size * MARK_OFFSET - edge / 2, py + size * MARK_OFFSET - edge / 2, edge, edge);
      }
    }
    g.setLineDash([]);
    g.globalAlpha = 1;
  }
}
