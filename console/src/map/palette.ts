/** The colours of styles/tokens.css for what is not drawn by CSS. */

import { SHAPES } from "../model/members.ts";

const NAMES = [
  "sea", "land", "coast", "border", "graticule", "name", "track", "track-fill", "vector", "trail",
  "label", "label-halo", "selected", "sensor", "measure", "member-ink",
] as const;

export interface Palette extends Readonly<Record<(typeof NAMES)[number], string>> {
  /** Colour of each member's mark. */
  readonly members: readonly string[];
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--map-${name}`).trim();
  const named = Object.fromEntries(NAMES.map((name) => [name, colour(name)])) as Record<(typeof NAMES)[number], string>;
  return { ...named, members: SHAPES.map((_, mark) => colour(`member-${mark}`)) };
}

/** `#rrggbb` as three numbers from 0 to 1. */
export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
