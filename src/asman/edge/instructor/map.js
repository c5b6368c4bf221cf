// The map: Mercator on one canvas. Lines of countries are decoration; the scenario's own borders are drawn over them.

import { knots, level, place } from "./words.js";

const RAD = Math.PI / 180;
const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (Math.max(-84, Math.min(84, lat)) * RAD) / 2)) / RAD;
const inverse = (y) => (2 * Math.atan(Math.exp(y * RAD)) - Math.PI / 2) / RAD;
/** Metres a degree of latitude. */
const DEGREE_M = 111_195;

export class Chart {
  constructor(canvas, on) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.on = on;
    this.centre = { x: 75, y: mercator(43) };
    this.scale = 60; // pixels a degree of longitude
    this.scene = { aircraft: [], sensors: [], airports: [], borders: [], areas: [], selected: null, hits: new Map(), sketch: null };
    this.countries = [];
    this.pointer = null;
    this.placing = false;
    this.home = null;
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
    this.listen();
  }

  resize() {
    const ratio = devicePixelRatio || 1;
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || !height) return;
    [this.width, this.height, this.ratio] = [width, height, ratio];
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    if (this.home && !this.moved) this.fit(this.home);
    this.draw();
  }

  fit(area) {
    this.home = area;
    const top = mercator(area.north_deg), bottom = mercator(area.south_deg);
    this.scale = 0.94 * Math.min(this.width / (area.east_deg - area.west_deg), this.height / (top - bottom));
    this.centre = { x: (area.west_deg + area.east_deg) / 2, y: (top + bottom) / 2 };
    this.draw();
  }

  xy(lat, lon) {
    return [this.width / 2 + (lon - this.centre.x) * this.scale, this.height / 2 - (mercator(lat) - this.centre.y) * this.scale];
  }

  at(x, y) {
    return { lat: inverse(this.centre.y - (y - this.height / 2) / this.scale), lon: this.centre.x + (x - this.width / 2) / this.scale };
  }

  pixels(m, lat) {
    return (m / DEGREE_M / Math.cos(lat * RAD)) * this.scale;
  }

  zoom(factor, x = this.width / 2, y = this.height / 2) {
    const scale = Math.max(4, Math.min(6000, this.scale * factor));
    const real = scale / this.scale;
    this.centre.x += ((x - this.width / 2) / this.scale) * (1 - 1 / real);
    this.centre.y -= ((y - this.height / 2) / this.scale) * (1 - 1 / real);
    this.scale = scale;
    this.moved = true;
    this.draw();
  }

  pan(dx, dy) {
    this.centre.x -= dx / this.scale;
    this.centre.y += dy / this.scale;
    this.moved = true;
    this.draw();
  }

  show(lat, lon) {
    this.centre = { x: lon, y: mercator(lat) };
    this.moved = true;
    this.draw();
  }

  listen() {
    const canvas = this.canvas;
    let down = null;
    const here = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.x, event.clientY - box.y]; };
    canvas.addEventListener("pointerdown", (event) => { down = { at: here(event), moved: false }; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = here(event);
      this.pointer = [x, y];
      if (down) {
        const dx = x - down.at[0], dy = y - down.at[1];
        if (down.moved || Math.hypot(dx, dy) > 4) { down.moved = true; this.pan(dx, dy); down.at = [x, y]; }
      }
      this.on.moved(this.at(x, y));
      this.draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      const click = down && !down.moved;
      down = null;
      if (click) this.click(...here(event));
    });
    canvas.addEventListener("pointerleave", () => { this.pointer = null; this.draw(); });
    canvas.addEventListener("wheel", (event) => { event.preventDefault(); this.zoom(Math.exp(-event.deltaY / 400), ...here(event)); }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (step) this.pan(...step);
      else if (event.key === "+" || event.key === "=") this.zoom(1.4);
      else if (event.key === "-") this.zoom(1 / 1.4);
      else if (event.key === "Enter") this.click(this.width / 2, this.height / 2);
      else return;
      event.preventDefault();
    });
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.draw());
  }

  click(x, y) {
    if (this.placing) return this.on.placed(this.at(x, y));
    let best = null, distance = 14;
    for (const one of this.scene.aircraft) {
      const [ax, ay] = this.xy(one.lat, one.lon);
      const away = Math.hypot(ax - x, ay - y);
      if (away < distance) [best, distance] = [one, away];
    }
    this.on.picked(best);
  }

  draw() {
    if (this.waiting || !this.width) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.paint(); });
  }

  paint() {
    const c = this.context;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.fillStyle = "#0d141c";
    c.fillRect(0, 0, this.width, this.height);
    this.room = this.reserved();
    this.graticule(c);
    this.lines(c, this.countries, "#40566d", 1);
    this.airports(c);
    this.borders(c);
    for (const area of this.scene.areas) this.area(c, area);
    this.sensors(c);
    this.aircraft(c);
    this.sketch(c);
  }

  graticule(c) {
    const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1].find((one) => one * this.scale < 190) ?? 0.1;
    const low = this.at(0, this.height), high = this.at(this.width, 0);
    const digits = step < 1 ? 1 : 0;
    c.strokeStyle = "#1a2531"; c.lineWidth = 1; c.fillStyle = "#5c7085"; c.font = "10.5px system-ui"; c.textAlign = "left";
    for (let lon = Math.ceil(low.lon / step) * step; lon <= high.lon; lon += step) {
      const [x] = this.xy(0, lon);
      stroke(c, [[x, 0], [x, this.height]]);
      c.fillText(`${lon.toFixed(digits)}°E`.replace("-", "W "), x + 3, this.height - 4 - 22);
    }
    for (let lat = Math.ceil(low.lat / step) * step; lat <= high.lat; lat += step) {
      const [, y] = this.xy(lat, 0);
      stroke(c, [[0, y], [this.width, y]]);
      c.textAlign = "right";
      c.fillText(`${lat.toFixed(digits)}°N`, this.width - 4, y - 3);
      c.textAlign = "left";
    }
  }

  lines(c, lines, colour, width, dash = []) {
    const low = this.at(-50, this.height + 50), high = this.at(this.width + 50, -50);
    c.strokeStyle = colour; c.lineWidth = width; c.setLineDash(dash);
    for (const { points, west, east, south, north } of lines) {
      if (east < low.lon || west > high.lon || north < low.lat || south > high.lat) continue;
      c.beginPath();
      points.forEach(([lon, lat], k) => { const [x, y] = this.xy(lat, lon); if (k) c.lineTo(x, y); else c.moveTo(x, y); });
      c.stroke();
    }
    c.setLineDash([]);
  }

  borders(c) {
    this.lines(c, this.scene.borders, "#c58bd6", 2, [9, 5]);
    c.fillStyle = "#c58bd6"; c.font = "11px system-ui"; c.textAlign = "left";
    for (const { id, points } of this.scene.borders) {
      const [lon, lat] = points[Math.floor(points.length / 2)];
      const [x, y] = this.xy(lat, lon);
      c.fillText(id, x + 6, y - 6);
    }
  }

  /** Room for labels: what symbols cover is taken, and who matters most comes first. */
  reserved() {
    const { aircraft, sensors, airports, selected, hits } = this.scene;
    const room = new Room();
    const around = ([x, y], r) => room.take(x - r, y - r, 2 * r, 2 * r);
    for (const one of aircraft) around(this.xy(one.lat, one.lon), 6);
    for (const one of [...sensors, ...airports]) around(this.xy(one.lat_deg, one.lon_deg), 6);
    // Sites stand still: their names come before everybody's but one another's.
    const names = new Room();
    this.named = new Set();
    for (const one of sensors) {
      const [x, y] = this.xy(one.lat_deg, one.lon_deg);
      if (!names.find(x + 9, y - 14, 7 * one.id.length, 11)) continue;
      this.named.add(one.id);
      room.take(x + 9, y - 14, 7 * one.id.length, 11);
    }
    for (const one of aircraft) {
      if (one.aircraft !== selected && !hits.has(one.aircraft)) continue;
      const [x, y] = this.xy(one.lat, one.lon);
      room.take(x + 12, y - 8, 130, hits.has(one.aircraft) ? 26 : 13);
    }
    return room;
  }

  airports(c) {
    c.font = "10.5px system-ui"; c.textAlign = "center";
    for (const { icao, lat_deg, lon_deg, base_of } of this.scene.airports) {
      const [x, y] = this.xy(lat_deg, lon_deg);
      c.strokeStyle = c.fillStyle = base_of ? "#9db0c3" : "#6c8196";
      c.lineWidth = 1.3;
      c.beginPath(); c.arc(x, y, 4, 0, 7); c.stroke();
      stroke(c, [[x - 7, y], [x + 7, y]]);
      if (this.room.find(x - 15, y + 7, 30, 11)) c.fillText(icao, x, y + 16);
    }
  }

  sensors(c) {
    c.font = "10.5px system-ui"; c.textAlign = "left";
    for (const one of this.scene.sensors) {
      const [x, y] = this.xy(one.lat_deg, one.lon_deg);
      const colour = one.out ? "#f4b740" : "#5ec8e5";
      c.strokeStyle = c.fillStyle = colour; c.lineWidth = 1.6;
      c.beginPath(); c.moveTo(x, y - 6); c.lineTo(x + 6, y); c.lineTo(x, y + 6); c.lineTo(x - 6, y); c.closePath(); c.stroke();
      if (one.out) { stroke(c, [[x - 7, y - 7], [x + 7, y + 7]]); stroke(c, [[x + 7, y - 7], [x - 7, y + 7]]); }
      const text = one.out ? `${one.id} OUT${one.out === "all" ? "" : ` ${one.out.toUpperCase()}`}` : one.id;
      if (this.named.has(one.id) || one.out || one.id === this.scene.ring) c.fillText(text, x + 9, y - 5);
      if (one.id === this.scene.ring) {
        c.globalAlpha = 0.5; c.setLineDash([3, 5]);
        c.beginPath(); c.arc(x, y, this.pixels(one.range_max_m, one.lat_deg), 0, 7); c.stroke();
        c.globalAlpha = 1; c.setLineDash([]);
      }
    }
  }

  area(c, { lat, lon, radius_m, colour, text, planned, to }) {
    const [x, y] = this.xy(lat, lon);
    c.strokeStyle = c.fillStyle = colour; c.lineWidth = 1.6; c.setLineDash(planned ? [2, 6] : [8, 5]);
    if (radius_m) {
      const r = this.pixels(radius_m, lat);
      c.beginPath(); c.arc(x, y, r, 0, 7); c.globalAlpha = planned ? 0.04 : 0.13; c.fill(); c.globalAlpha = 1; c.stroke();
    }
    if (to) {
      const [tx, ty] = this.xy(to.lat, to.lon);
      stroke(c, [[x, y], [tx, ty]]);
      c.setLineDash([]); c.beginPath(); c.arc(tx, ty, 6, 0, 7); c.stroke();
    }
    c.setLineDash([]);
    stroke(c, [[x - 6, y], [x + 6, y]]); stroke(c, [[x, y - 6], [x, y + 6]]);
    c.font = "600 11px system-ui"; c.textAlign = "center";
    c.fillText(text, x, y + 18);
  }

  aircraft(c) {
    const { aircraft, selected, hits } = this.scene;
    const order = [...aircraft].sort((a, b) => rank(b) - rank(a));
    function rank(one) { return (one.aircraft === selected ? 4 : 0) + (hits.has(one.aircraft) ? 2 : 0); }
    for (const one of order) {
      const [x, y] = this.xy(one.lat, one.lon);
      if (x < -40 || y < -40 || x > this.width + 40 || y > this.height + 40) continue;
      const chosen = one.aircraft === selected, hit = hits.get(one.aircraft);
      const colour = hit ? "#ff6b5e" : chosen ? "#ffffff" : "#f3e27a";
      c.save();
      c.translate(x, y); c.rotate(one.track * RAD);
      c.beginPath(); c.moveTo(0, -7); c.lineTo(4.5, 6); c.lineTo(0, 3.2); c.lineTo(-4.5, 6); c.closePath();
      c.strokeStyle = c.fillStyle = colour; c.lineWidth = 1.2;
      if (one.silent) { c.fillStyle = "#0d141c"; }
      c.fill(); c.stroke();
      c.restore();
      if (chosen || hit) { c.strokeStyle = colour; c.lineWidth = 1.5; c.beginPath(); c.arc(x, y, 12, 0, 7); c.stroke(); }
      if (!chosen && !hit && this.scale < 26) continue;
      c.font = `${chosen || hit ? "600 " : ""}11px system-ui`; c.textAlign = "left"; c.lineWidth = 3; c.strokeStyle = "#0d141c";
      const text = `${one.name}  ${level(one.altitude_m)} ${knots(one.speed)}`;
      if (!chosen && !hit && !this.room.find(x + 12, y - 8, c.measureText(text).width, 12)) continue;
      c.strokeText(text, x + 12, y + 1); c.fillStyle = hit ? "#ff9d94" : chosen ? "#fff" : "#cfc993"; c.fillText(text, x + 12, y + 1);
      if (hit) { c.strokeText(hit, x + 12, y + 14); c.fillText(hit, x + 12, y + 14); }
    }
  }

  /** What would be put where the pointer, or the cross of the keyboard, is. */
  sketch(c) {
    const sketch = this.scene.sketch;
    if (!this.placing || !sketch) return;
    const [x, y] = this.pointer ?? [this.width / 2, this.height / 2];
    const here = this.at(x, y);
    c.strokeStyle = c.fillStyle = "#c9bbff"; c.lineWidth = 1.5; c.setLineDash([5, 4]);
    if (sketch.radius_m) { c.beginPath(); c.arc(x, y, this.pixels(sketch.radius_m, here.lat), 0, 7); c.stroke(); }
    if (sketch.from) {
      const [fx, fy] = this.xy(sketch.from.lat, sketch.from.lon);
      stroke(c, [[fx, fy], [x, y]]);
      c.setLineDash([]); c.beginPath(); c.arc(fx, fy, 5, 0, 7); c.stroke();
    }
    c.setLineDash([]);
    stroke(c, [[x - 9, y], [x + 9, y]]); stroke(c, [[x, y - 9], [x, y + 9]]);
    c.font = "11px system-ui"; c.textAlign = "left";
    c.fillText(place(here.lat, here.lon), x + 12, y - 8);
  }
}

/** Rectangles that are taken, in a grid, so that a label asks its neighbours only. */
class Room {
  cells = new Map();

  *keys(x, y, width, height) {
    for (let i = Math.floor(x / 64); i <= Math.floor((x + width) / 64); i += 1) for (let j = Math.floor(y / 32); j <= Math.floor((y + height) / 32); j += 1) yield i * 4096 + j;
  }

  take(x, y, width, height) {
    for (const key of this.keys(x, y, width, height)) {
      const cell = this.cells.get(key);
      if (cell) cell.push([x, y, width, height]); else this.cells.set(key, [[x, y, width, height]]);
    }
  }

  /** Whether a rectangle is free; if so it is taken. */
  find(x, y, width, height) {
    for (const key of this.keys(x, y, width, height)) {
      for (const [a, b, w, h] of this.cells.get(key) ?? []) if (x < a + w && a < x + width && y < b + h && b < y + height) return false;
    }
    this.take(x, y, width, height);
    return true;
  }
}

function stroke(c, points) {
  c.beginPath();
  points.forEach(([x, y], k) => (k ? c.lineTo(x, y) : c.moveTo(x, y)));
  c.stroke();
}

/** A line with its bounds, so that what is out of sight costs nothing. */
export function bounded(points, more = {}) {
  const lon = points.map((p) => p[0]), lat = points.map((p) => p[1]);
  return { points, west: Math.min(...lon), east: Math.max(...lon), south: Math.min(...lat), north: Math.max(...lat), ...more };
}

/** The arcs of a TopoJSON file as lines. */
export function arcsOf(topology) {
  const { scale, translate } = topology.transform;
  return topology.arcs.map((arc) => {
    let x = 0, y = 0;
    return bounded(arc.map(([dx, dy]) => { x += dx; y += dy; return [x * scale[0] + translate[0], y * scale[1] + translate[1]]; }));
  });
}
