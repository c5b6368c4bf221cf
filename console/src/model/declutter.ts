/**
 * Placing labels so that none covers another: greedily in order of priority, each at the first free one of a fixed
 * list of places around its symbol, the far ones with a leader line. What is taken is kept in a coarse raster.
 *
 * Near places may not cover symbols either; when a label must be shown (selected, hovered) it takes the place that
 * covers least. Placement is quadratic in nothing: cost is labels x places x cells of one label.
 */

const CELL_PX = 4;
/** The map's tools stand here. */
const LEFT_MARGIN_PX = 48;
/** Scale and coordinates stand here. */
const FOOT_WIDTH_PX = 460;
const FOOT_HEIGHT_PX = 28;
const SYMBOL = 1;
const LABEL = 2;

export interface Candidate {
  /** Caller's own index. */
  readonly index: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Placed even where it covers others. */
  readonly must: boolean;
  /** Place it had the last time, tried first so that labels do not hop; -1 for none. */
  readonly place: number;
}

export interface Placed {
  readonly index: number;
  /** Upper left corner of the label from the symbol's centre. */
  readonly dx: number;
  readonly dy: number;
  readonly place: number;
}

/** Direction of the label's nearest corner or side from the symbol, and distance: near ones first. */
const PLACES: readonly (readonly [number, number, number])[] = [
  [1, -1, 9], [1, 1, 9], [-1, -1, 9], [-1, 1, 9], [1, 0, 12], [-1, 0, 12], [0, -1, 13], [0, 1, 13],
  [1, -1, 24], [1, 1, 24], [-1, -1, 24], [-1, 1, 24], [0, -1, 30], [0, 1, 30],
  [1, -1, 40], [1, 1, 40], [-1, -1, 40], [-1, 1, 40],
];
/** From this place on a leader line joins label and symbol. */
export const FIRST_LEADER_PLACE = 8;

export class Raster {
  private readonly columns: number;
  private readonly rows: number;
  private readonly cells: Uint8Array;

  constructor(width: number, height: number) {
    this.columns = Math.max(1, Math.ceil(width / CELL_PX));
    this.rows = Math.max(1, Math.ceil(height / CELL_PX));
    this.cells = new Uint8Array(this.columns * this.rows);
  }

  mark(x0: number, y0: number, x1: number, y1: number, bit: number): void {
    this.each(x0, y0, x1, y1, (at) => {
      this.cells[at]! |= bit;
      return true;
    });
  }

  isFree(x0: number, y0: number, x1: number, y1: number, bits: number): boolean {
    return this.each(x0, y0, x1, y1, (at) => (this.cells[at]! & bits) === 0);
  }

  /** Visit the cells of a rectangle inside the raster until `visit` says false; says whether it never did. */
  private each(x0: number, y0: number, x1: number, y1: number, visit: (at: number) => boolean): boolean {
    const left = Math.max(0, Math.floor(x0 / CELL_PX));
    const right = Math.min(this.columns - 1, Math.floor(x1 / CELL_PX));
    const top = Math.max(0, Math.floor(y0 / CELL_PX));
    const bottom = Math.min(this.rows - 1, Math.floor(y1 / CELL_PX));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        if (!visit(row * this.columns + column)) return false;
      }
    }
    return true;
  }
}

/** Offset of a label's upper left corner for a place. */
export function offsetOf(place: number, width: number, height: number): [number, number] {
  const [sx, sy, distance] = PLACES[place]!;
  const dx = sx === 0 ? -width / 2 : sx > 0 ? distance : -distance - width;
  const dy = sy === 0 ? -height / 2 : sy > 0 ? distance - 4 : -distance - height + 4;
  return [dx, dy];
}

/** What labels must keep clear of: x and y alternating, in pixels. */
export interface Taken {
  readonly symbols: Float32Array;
  readonly radiusPx: number;
  /** Points of lines and small signs. */
  readonly thin: Float32Array;
}

export function declutter(
  candidates: readonly Candidate[],
  taken: Taken,
  width: number,
  height: number,
  budget: number,
): Placed[] {
  const raster = new Raster(width, height);
  const { symbols, radiusPx: r, thin } = taken;
  for (let i = 0; i < symbols.length; i += 2) {
    raster.mark(symbols[i]! - r, symbols[i + 1]! - r, symbols[i]! + r, symbols[i + 1]! + r, SYMBOL);
  }
  for (let i = 0; i < thin.length; i += 2) raster.mark(thin[i]!, thin[i + 1]!, thin[i]!, thin[i + 1]!, SYMBOL);
  const placed: Placed[] = [];
  for (const candidate of candidates) {
    if (placed.length >= budget) break;
    const place = findPlace(raster, candidate, width, height);
    if (place < 0) continue;
    const [dx, dy] = offsetOf(place, candidate.width, candidate.height);
    const left = candidate.x + dx;
    const top = candidate.y + dy;
    raster.mark(left, top, left + candidate.width, top + candidate.height, LABEL);
    placed.push({ index: candidate.index, dx, dy, place });
  }
  return placed;
}

function findPlace(raster: Raster, candidate: Candidate, width: number, height: number): number {
  const fits = (place: number, bits: number): boolean => {
    const [dx, dy] = offsetOf(place, candidate.width, candidate.height);
    const left = candidate.x + dx;
    const top = candidate.y + dy;
    const right = left + candidate.width;
    const bottom = top + candidate.height;
    if (left < LEFT_MARGIN_PX || top < 0 || right > width || bottom > height) return false;
    if (left < FOOT_WIDTH_PX && bottom > height - FOOT_HEIGHT_PX) return false;
    return raster.isFree(left, top, right, bottom, bits);
  };
  // The near places would touch the marks that what must be shown wears.
  const nearest = candidate.must ? FIRST_LEADER_PLACE : 0;
  if (candidate.place >= nearest && fits(candidate.place, SYMBOL | LABEL)) return candidate.place;
  for (const bits of candidate.must ? [SYMBOL | LABEL, LABEL] : [SYMBOL | LABEL]) {
    for (let place = nearest; place < PLACES.length; place++) {
      if (fits(place, bits)) return place;
    }
  }
  if (!candidate.must) return -1;
  return FIRST_LEADER_PLACE;
}
