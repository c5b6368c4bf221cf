/** What is written over the map: sensor sites and range rings, labels, the selected track's trail and marks, measuring. */

import { distance, course } from "../model/format.ts";
import { destination, mercatorX, mercatorY, rangeBearing } from "../model/geo.ts";
import type { Sensor } from "../model/messages.ts";
import { toScreen, type View } from "../model/view.ts";
import type { Label, Mark, TrailPoint } from "../worker/protocol.ts";
import type { Palette } from "./palette.ts";

export const LABEL_FONT = '500 11px "Inter Variable", "Inter", "Segoe UI", system-ui, sans-serif';
const SMALL_FONT = '600 10px "Inter Variable", "Inter", "Segoe UI", system-ui, sans-serif';
const LINE_PX = 13;

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

export interface OverlayState {
  readonly view: View;
  readonly nowS: number;
  readonly symbolPx: number;
  readonly palette: Palette;
  readonly sensors: readonly Sensor[];
  readonly showSensors: boolean;
  readonly showRings: boolean;
  readonly labels: readonly Label[];
  readonly selected: Mark | null;
  readonly hovered: Label | null;
  readonly trail: readonly TrailPoint[];
  readonly measure: { readonly from: Place; readonly to: Place } | null;
}

/** Rings on the Mercator square, made once a sensor. */
const RING_POINTS = 360;
export type Ring = Float64Array;

export function ringOf(sensor: Sensor): Ring | null {
  const { lat_deg: lat, lon_deg: lon, range_max_m: range } = sensor;
  if (lat === null || lon === null || range === null || !(range > 0)) return null;
  const ring = new Float64Array(2 * RING_POINTS + 2);
  for (let k = 0; k <= RING_POINTS; k++) {
    const [pointLat, pointLon] = destination(lat, lon, range, (k * 360) / RING_POINTS);
    ring[2 * k] = mercatorX(pointLon);
    ring[2 * k + 1] = mercatorY(pointLat);
  }
  return ring;
}

export class Overlay {
  private readonly rings = new WeakMap<Sensor, Ring | null>();

  constructor(private readonly g: CanvasRenderingContext2D) {}

  draw(state: OverlayState): void {
    const { g } = this;
    const { view } = state;
    const dpr = g.canvas.width / Math.max(1, view.width);
    g.setTransform(dpr, 0, 0, dpr, 0, 0);
    g.clearRect(0, 0, view.width, view.height);
    if (state.showRings) this.drawRings(state);
    if (state.showSensors) this.drawSensors(state);
    this.drawTrail(state);
    this.drawLabels(state);
    this.drawMarks(state);
    if (state.measure) this.drawMeasure(state, state.measure);
  }

  private drawRings({ view, sensors, palette }: OverlayState): void {
    const { g } = this;
    g.strokeStyle = palette.sensor;
    g.globalAlpha = 0.22;
    g.lineWidth = 1;
    for (const sensor of sensors) {
      if (!this.rings.has(sensor)) this.rings.set(sensor, ringOf(sensor));
      const ring = this.rings.get(sensor);
      if (!ring) continue;
      g.beginPath();
      const [siteX] = toScreen(view, mercatorX(sensor.lon_deg!), 0);
      for (let k = 0; k < ring.length; k += 2) {
        // The ring stays in one piece: its points go with the site's copy of the world, not each with its own.
        const x = siteX + (ring[k]! - mercatorX(sensor.lon_deg!)) * view.scale;
        g.lineTo(x, view.height / 2 + (ring[k + 1]! - view.y) * view.scale);
      }
      g.stroke();
    }
    g.globalAlpha = 1;
  }

  private drawSensors({ view, sensors, palette }: OverlayState): void {
    const { g } = this;
    g.font = SMALL_FONT;
    g.textBaseline = "middle";
    g.textAlign = "left";
    const named: { x: number; y: number; rows: number }[] = [];
    for (const sensor of sensors) {
      if (sensor.lat_deg === null || sensor.lon_deg === null) continue;
      const [x, y] = toScreen(view, mercatorX(sensor.lon_deg), mercatorY(sensor.lat_deg));
      if (x < -50 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
      this.drawSite(x, y, sensor.kind, palette);
      // Names of sensors on one site stand one below the other.
      let near = named.find((other) => Math.abs(other.x - x) < 40 && Math.abs(other.y - y) < 10);
      if (near) near.rows++;
      else named.push((near = { x, y, rows: 0 }));
      this.text(sensor.id, near.x + 9, near.y + 1 + near.rows * 11, palette.sensor, palette["label-halo"]);
    }
  }

  /** A mast for rotating radars, a triangle for ADS-B, a hexagon for multilateration. */
  private drawSite(x: number, y: number, kind: string, palette: Palette): void {
    const { g } = this;
    const corners = kind === "adsb" ? 3 : kind === "mlat" ? 6 : 4;
    g.beginPath();
    for (let k = 0; k < corners; k++) {
      const angle = -Math.PI / 2 + (k * 2 * Math.PI) / corners;
      g.lineTo(x + 5.5 * Math.cos(angle), y + 5.5 * Math.sin(angle));
    }
    g.closePath();
    g.fillStyle = palette["label-halo"];
    g.fill();
    g.strokeStyle = palette.sensor;
    g.lineWidth = 1.5;
    g.stroke();
    g.beginPath();
    g.arc(x, y, 1.3, 0, 2 * Math.PI);
    g.fillStyle = palette.sensor;
    g.fill();
  }

  private drawTrail({ view, trail, selected, palette }: OverlayState): void {
    if (trail.length < 2 || selected === null) return;
    const { g } = this;
    g.strokeStyle = palette.selected;
    g.globalAlpha = 0.75;
    g.lineWidth = 1.5;
    g.beginPath();
    for (const point of trail) {
      const [x, y] = toScreen(view, mercatorX(point.lon), mercatorY(point.lat));
      g.lineTo(x, y);
    }
    g.stroke();
    g.globalAlpha = 1;
  }

  private drawLabels(state: OverlayState): void {
    const { selected, hovered } = state;
    this.g.font = LABEL_FONT;
    this.g.textBaseline = "top";
    this.g.textAlign = "left";
    for (const label of state.labels) {
      if (label.track === hovered?.track || label.track === selected?.track) continue;
      this.drawLabel(state, label, false);
    }
    const chosen = state.labels.find((label) => label.track === selected?.track);
    if (chosen && chosen.track !== hovered?.track) this.drawLabel(state, chosen, true);
    if (hovered) this.drawLabel(state, hovered, true);
  }

  private drawLabel(state: OverlayState, label: Label, strong: boolean): void {
    const { g } = this;
    const { palette, view } = state;
    const [x, y] = screenOf(state, label);
    const left = Math.round(x + label.dx);
    const top = Math.round(y + label.dy);
    if (left > view.width || top > view.height || left + label.width < 0 || top + label.height < 0) return;
    if (label.leader) this.drawLeader(state, x, y, left, top, label);
    if (strong) {
      g.fillStyle = palette["label-halo"];
      g.globalAlpha = 0.9;
      g.fillRect(left - 2, top - 2, label.width + 4, label.height + 2);
      g.globalAlpha = 1;
      g.strokeStyle = palette.selected;
      g.lineWidth = 1;
      g.strokeRect(left - 2.5, top - 2.5, label.width + 5, label.height + 3);
    }
    const colour = strong ? palette.selected : palette.label;
    g.globalAlpha = label.coasting && !strong ? 0.65 : 1;
    this.text(label.lines[0], left + 3, top + 1, colour, palette["label-halo"]);
    this.text(label.lines[1], left + 3, top + 1 + LINE_PX, colour, palette["label-halo"]);
    g.globalAlpha = 1;
  }

  private drawLeader({ palette, symbolPx }: OverlayState, x: number, y: number, left: number, top: number, label: Label): void {
    const { g } = this;
    const toX = Math.max(left, Math.min(left + label.width, x));
    const toY = Math.max(top, Math.min(top + label.height, y));
    const length = Math.hypot(toX - x, toY - y);
    if (length < symbolPx / 2) return;
    const start = symbolPx / 2 / length;
    g.strokeStyle = palette.label;
    g.globalAlpha = 0.4;
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(x + (toX - x) * start, y + (toY - y) * start);
    g.lineTo(toX, toY);
    g.stroke();
    g.globalAlpha = 1;
  }

  /** Brackets round the selected track, a circle round the one under the pointer. */
  private drawMarks(state: OverlayState): void {
    const { g } = this;
    const { selected, hovered, palette } = state;
    const half = Math.round(state.symbolPx / 2 + 5);
    g.strokeStyle = palette.selected;
    g.lineWidth = 2;
    if (selected) {
      const [x, y] = screenOf(state, selected).map(Math.round) as [number, number];
      const arm = half * 0.5;
      g.beginPath();
      for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
        g.moveTo(x + sx * half, y + sy * (half - arm));
        g.lineTo(x + sx * half, y + sy * half);
        g.lineTo(x + sx * (half - arm), y + sy * half);
      }
      g.stroke();
    }
    if (hovered && hovered.track !== selected?.track) {
      const [x, y] = screenOf(state, hovered);
      g.lineWidth = 1.25;
      g.beginPath();
      g.arc(x, y, half, 0, 2 * Math.PI);
      g.stroke();
    }
  }

  private drawMeasure({ view, palette }: OverlayState, { from, to }: { from: Place; to: Place }): void {
    const { g } = this;
    const [x0, y0] = toScreen(view, mercatorX(from.lon), mercatorY(from.lat));
    const [x1, y1] = toScreen(view, mercatorX(to.lon), mercatorY(to.lat));
    g.strokeStyle = palette.measure;
    g.lineWidth = 1.5;
    g.setLineDash([6, 4]);
    g.beginPath();
    g.moveTo(x0, y0);
    g.lineTo(x1, y1);
    g.stroke();
    g.setLineDash([]);
    for (const [x, y] of [[x0, y0], [x1, y1]] as const) {
      g.beginPath();
      g.arc(x, y, 3.5, 0, 2 * Math.PI);
      g.stroke();
    }
    const { rangeM, bearingDeg } = rangeBearing(from.lat, from.lon, to.lat, to.lon);
    g.font = LABEL_FONT;
    g.textBaseline = "top";
    g.textAlign = "left";
    this.text(`${course(bearingDeg)}  ${distance(rangeM)}`, x1 + 10, y1 + 8, palette.measure, palette["label-halo"]);
  }

  private text(text: string, x: number, y: number, colour: string, halo: string): void {
    const { g } = this;
    g.lineJoin = "round";
    g.lineWidth = 3;
    g.strokeStyle = halo;
    g.strokeText(text, x, y);
    g.fillStyle = colour;
    g.fillText(text, x, y);
  }
}

function screenOf({ view, nowS }: OverlayState, mark: Mark): [number, number] {
  const dt = nowS - mark.timeS;
  return toScreen(view, mark.x + mark.vx * dt, mark.y + mark.vy * dt);
}
