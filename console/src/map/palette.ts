/** The colours of styles/tokens.css for what is not drawn by CSS. */

const NAMES = [
  "sea", "land", "coast", "border", "graticule", "name", "track", "track-fill", "vector", "trail",
  "label", "label-halo", "selected", "sensor", "measure",
] as const;

export type Palette = Readonly<Record<(typeof NAMES)[number], string>>;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--map-${name}`).trim()])) as Palette;
}

/** `#rrggbb` as three numbers from 0 to 1. */
export function rgb(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
