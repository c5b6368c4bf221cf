/** Which tracks get a label, and where it stands. */

import { declutter, FIRST_LEADER_PLACE, offsetOf, type Candidate } from "../model/declutter.ts";
import { Flag } from "../model/frame.ts";
import { labelLines } from "../model/labels.ts";
import type { Picture } from "../model/picture.ts";
import { screenX, screenY, type Scene } from "../model/scene.ts";
import { toScreen, type View } from "../model/view.ts";
import type { Label, Mark } from "./protocol.ts";

/** More labels than this help nobody and cost frames. */
export const LABEL_BUDGET = 320;
const CANDIDATE_LIMIT = 4000;
const LINE_PX = 13;
const PADDING_PX = 3;
/** Less than half a symbol: near places of labels must stay free of it. */
const SYMBOL_RADIUS_PX = 5;

/** With more tracks than this on the screen there is no room to heed vectors. */
const VECTORS_HEEDED = 500;
const VECTOR_STEP_PX = 6;
const VECTOR_HEEDED_PX = 120;

/** Points along a track's velocity vector, near the symbol. */
function vectorPoints(scene: Scene, view: View, i: number, x: number, y: number, vectorS: number): number[] {
  const dx = scene.vx[i]! * vectorS * view.scale;
  const dy = scene.vy[i]! * vectorS * view.scale;
  const length = Math.hypot(dx, dy);
  const points: number[] = [];
  for (let at = VECTOR_STEP_PX; at < Math.min(length, VECTOR_HEEDED_PX); at += VECTOR_STEP_PX) {
    points.push(x + (dx * at) / length, y + (dy * at) / length);
  }
  return points;
}

/** A member's badge, right and below of its symbol. */
const markPoints = (x: number, y: number): number[] => [x + 6, y + 8, x + 11, y + 10, x + 16, y + 10];

/** A site and its name to the right of it. */
const sitePoints = ([x, y]: [number, number]): number[] => [0, 12, 24, 36].flatMap((dx) => [x + dx, y]);

export function markOf(scene: Scene, picture: Picture, i: number): Mark {
  return {
    track: picture.columns.track[scene.slots[i]!]!,
    x: scene.x[i]!,
    y: scene.y[i]!,
    vx: scene.vx[i]!,
    vy: scene.vy[i]!,
    timeS: scene.timeS[i]!,
  };
}

export class Labelling {
  /** Place that a track's label had the last time. */
  private places = new Map<number, number>();
  charPx = 6.6;
  /** Length of the velocity vectors, which labels keep clear of. */
  vectorS = 0;
  /** Whether a member's mark stands beside each symbol, which labels keep clear of. */
  marked = false;
  /** Sensor sites on the Mercator square, which labels keep clear of. */
  sites: readonly { readonly x: number; readonly y: number }[] = [];

  /** Labels for what is on the screen: `selected` first, then those that had one, then from the centre outwards. */
  place(scene: Scene, picture: Picture, view: View, nowS: number, selected: number | null): Label[] {
    const seen = this.onScreen(scene, picture, view, nowS, selected);
    const symbols = Float32Array.from(seen.flatMap(({ x, y }) => [x, y]));
    const thin = Float32Array.from([
      ...this.sites.flatMap(({ x, y }) => sitePoints(toScreen(view, x, y))),
      ...(this.marked && seen.length <= VECTORS_HEEDED ? seen.flatMap(({ x, y }) => markPoints(x, y)) : []),
      ...(seen.length <= VECTORS_HEEDED ? seen.flatMap(({ i, x, y }) => vectorPoints(scene, view, i, x, y, this.vectorS)) : []),
    ]);
    const ranked = seen.toSorted((a, b) => a.rank - b.rank).slice(0, CANDIDATE_LIMIT);
    const lines = new Map<number, [string, string]>();
    const candidates = ranked.map(({ i, x, y, track }): Candidate => {
      const text = labelLines(picture, scene.slots[i]!, nowS);
      lines.set(i, text);
      const { width, height } = this.sizeOf(text);
      return { index: i, x, y, width, height, must: track === selected, place: this.places.get(track) ?? -1 };
    });
    const taken = { symbols, radiusPx: SYMBOL_RADIUS_PX, thin };
    const placed = declutter(candidates, taken, view.width, view.height, LABEL_BUDGET);
    this.places = new Map(placed.map((p) => [picture.columns.track[scene.slots[p.index]!]!, p.place]));
    return placed.map((p) => this.label(scene, picture, p.index, lines.get(p.index)!, p.place, p.dx, p.dy));
  }

  /** The label of one track wherever there is room or not: for the one under the pointer. */
  single(scene: Scene, picture: Picture, i: number, nowS: number): Label {
    const text = labelLines(picture, scene.slots[i]!, nowS);
    const place = this.places.get(picture.columns.track[scene.slots[i]!]!) ?? 0;
    const { width, height } = this.sizeOf(text);
    const [dx, dy] = offsetOf(place, width, height);
    return this.label(scene, picture, i, text, place, dx, dy);
  }

  private onScreen(
    scene: Scene,
    picture: Picture,
    view: View,
    nowS: number,
    selected: number | null,
  ): { i: number; x: number; y: number; track: number; rank: number }[] {
    const seen: { i: number; x: number; y: number; track: number; rank: number }[] = [];
    for (let i = 0; i < scene.count; i++) {
      const x = screenX(scene, view, i, nowS);
      const y = screenY(scene, view, i, nowS);
      if (x < 0 || y < 0 || x > view.width || y > view.height) continue;
      const track = picture.columns.track[scene.slots[i]!]!;
      const outward = Math.hypot(x - view.width / 2, y - view.height / 2);
      // What flies comes before what stands on the ground.
      const grounded = picture.columns.flags[scene.slots[i]!]! & Flag.onGround ? 5e5 : 0;
      const rank = track === selected ? -2e6 : grounded + (this.places.has(track) ? outward - 1e5 : outward);
      seen.push({ i, x, y, track, rank });
    }
    return seen;
  }

  private sizeOf(lines: readonly [string, string]): { width: number; height: number } {
    const characters = Math.max(lines[0].length, lines[1].length);
    return { width: characters * this.charPx + 2 * PADDING_PX, height: 2 * LINE_PX + 2 };
  }

  private label(
    scene: Scene,
    picture: Picture,
    i: number,
    lines: readonly [string, string],
    place: number,
    dx: number,
    dy: number,
  ): Label {
    return {
      ...markOf(scene, picture, i),
      lines,
      dx,
      dy,
      ...this.sizeOf(lines),
      leader: place >= FIRST_LEADER_PLACE,
      coasting: (picture.columns.flags[scene.slots[i]!]! & (Flag.coasting | Flag.onlyWe)) !== 0,
    };
  }
}
