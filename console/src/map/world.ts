/**
 * The offline basemap: Natural Earth's countries at 1:50 million from `world-atlas`, and the graticule. Borders are
 * decoration; volumes that mean something come from configuration.
 */

import type { Feature, FeatureCollection, LineString, MultiLineString, MultiPolygon, Point, Polygon, Position } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import worldUrl from "world-atlas/countries-50m.json?url";

type World = Topology<{ countries: GeometryCollection<{ name: string }>; land: GeometryCollection }>;

export interface WorldMap {
  readonly land: FeatureCollection<Polygon | MultiPolygon>;
  readonly borders: MultiLineString;
  readonly coasts: MultiLineString;
  readonly names: FeatureCollection<Point, { name: string; rank: number }>;
}

export async function loadWorld(): Promise<WorldMap> {
  const answer = await fetch(worldUrl);
  if (!answer.ok) throw new Error(`the basemap is missing (${answer.status})`);
  const world = (await answer.json()) as World;
  const { countries } = world.objects;
  const land = feature(world, countries) as FeatureCollection<Polygon | MultiPolygon, { name: string }>;
  return {
    land,
    borders: mesh(world, countries, (a, b) => a !== b),
    coasts: mesh(world, countries, (a, b) => a === b),
    names: { type: "FeatureCollection", features: land.features.map(nameAt) },
  };
}

/** A country's name in the middle of its largest part. */
function nameAt(country: Feature<Polygon | MultiPolygon, { name: string }>): Feature<Point, { name: string; rank: number }> {
  const { geometry } = country;
  const rings = geometry.type === "Polygon" ? [geometry.coordinates[0]!] : geometry.coordinates.map((part) => part[0]!);
  let best = { area: -1, at: [0, 0] as Position };
  for (const ring of rings) {
    const found = centroid(ring);
    if (found.area > best.area) best = found;
  }
  const rank = best.area > 60 ? 1 : best.area > 8 ? 2 : best.area > 0.5 ? 3 : 4;
  return {
    type: "Feature",
    properties: { name: country.properties.name, rank },
    geometry: { type: "Point", coordinates: best.at },
  };
}

/** Area (square degrees, as flat) and centroid of a ring, by the shoelace formula. */
export function centroid(ring: readonly Position[]): { area: number; at: Position } {
  let twice = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i + 1 < ring.length; i++) {
    const [x0 = 0, y0 = 0] = ring[i]!;
    const [x1 = 0, y1 = 0] = ring[i + 1]!;
    const cross = x0 * y1 - x1 * y0;
    twice += cross;
    x += (x0 + x1) * cross;
    y += (y0 + y1) * cross;
  }
  if (twice === 0) return { area: 0, at: ring[0] ?? [0, 0] };
  return { area: Math.abs(twice / 2), at: [x / (3 * twice), y / (3 * twice)] };
}

/** Meridians and parallels every `stepDeg`. */
export function graticule(stepDeg: number): FeatureCollection<LineString> {
  const lines: Position[][] = [];
  for (let lon = -180; lon <= 180; lon += stepDeg) lines.push([[lon, -84], [lon, 84]]);
  for (let lat = -80; lat <= 80; lat += stepDeg) {
    lines.push(Array.from({ length: 37 }, (_, k): Position => [-180 + k * 10, lat]));
  }
  return {
    type: "FeatureCollection",
    features: lines.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } })),
  };
}

/** Degrees between graticule lines for a zoom. */
export function graticuleStep(zoom: number): number {
  if (zoom < 3.5) return 20;
  if (zoom < 5) return 10;
  if (zoom < 6.5) return 5;
  if (zoom < 8) return 2;
  return 1;
}
