import { expect, test } from "vitest";
import * as g from "./geo.ts";
import { fitted, metresPerPixel, scaleOf, toLatLon, toScreen, zoomOf, type View } from "./view.ts";

test("Mercator and back is the same place", () => {
  for (const [lat, lon] of [[42.85, 74.85], [-33.9, 151.2], [0, 0], [84, -179.9]] as const) {
    expect(g.latitude(g.mercatorY(lat))).toBeCloseTo(lat, 9);
    expect(g.longitude(g.mercatorX(lon))).toBeCloseTo(lon, 9);
  }
});

test("range and bearing agree with the ellipsoid (PROJ) within half a percent: Bishkek to Osh", () => {
  const { rangeM, bearingDeg } = g.rangeBearing(43.0613, 74.4776, 40.609, 72.7933);
  expect(Math.abs(rangeM / 306_189 - 1)).toBeLessThan(0.005);
  expect(bearingDeg).toBeCloseTo(207.75, 0);
});

test("going out on a bearing and measuring back gives the same leg", () => {
  for (const bearing of [0, 77, 181, 300]) {
    const [lat, lon] = g.destination(42, 179.5, 400_000, bearing);
    const leg = g.rangeBearing(42, 179.5, lat, lon);
    expect(leg.rangeM).toBeCloseTo(400_000, 0);
    expect(leg.bearingDeg).toBeCloseTo(bearing, 4);
  }
});

test("course and speed of a velocity", () => {
  expect(g.courseSpeed(0, -100)).toEqual({ courseDeg: 270, speedMps: 100 });
  expect(g.wrapLongitude(190)).toBe(-170);
});

const VIEW: View = { x: g.mercatorX(179), y: g.mercatorY(10), scale: scaleOf(5), width: 800, height: 600 };

test("a place beyond the date line is drawn beside the view, not around the world", () => {
  const [x] = toScreen(VIEW, g.mercatorX(-179), g.mercatorY(10));
  expect(x).toBeGreaterThan(400);
  expect(x).toBeLessThan(800);
});

test("pixel to place to pixel", () => {
  const [lat, lon] = toLatLon(VIEW, 100, 500);
  const [x, y] = toScreen(VIEW, g.mercatorX(lon), g.mercatorY(lat));
  expect([x, y].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([100, 500]);
  expect(zoomOf(VIEW)).toBe(5);
  expect(metresPerPixel({ ...VIEW, y: 0.5, scale: 512 })).toBeCloseTo(78_271.5, 0);
});

test("a fitted view shows all of its bounds", () => {
  const view = fitted({ west_deg: 170, east_deg: -170, south_deg: -10, north_deg: 20 }, 800, 600);
  for (const [lat, lon] of [[-10, 170], [20, -170]] as const) {
    const [x, y] = toScreen(view, g.mercatorX(lon), g.mercatorY(lat));
    expect(x).toBeGreaterThan(40);
    expect(x).toBeLessThan(760);
    expect(y).toBeGreaterThan(40);
    expect(y).toBeLessThan(560);
  }
});
