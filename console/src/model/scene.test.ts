import { expect, test } from "vitest";
import { decodeFrame, type TracksFrame } from "./frame.ts";
import { tracksFrame } from "./frame.fixtures.ts";
import { mercatorX, mercatorY, rangeBearing } from "./geo.ts";
import { buildInstances, buildPoints, buildSlotTable, Cell, cellOf, INSTANCE_OCTETS, SIMULATED_CELLS } from "./instances.ts";
import { Picture } from "./picture.ts";
import { buildScene, pick, positionAt, screenX } from "./scene.ts";
import { Trails } from "./trails.ts";
import { scaleOf, type View } from "./view.ts";

const picture = new Picture();
picture.apply(decodeFrame(tracksFrame([
  { track: 1, lat: 42, lon: 74, veMps: 250 },
  { track: 2, lat: 42.001, lon: 74, ageS: 30, flags: 1 | 2 },
  { track: 3, lat: 60, lon: -10, vnMps: Number.NaN, veMps: Number.NaN },
], { timeS: 1000 })) as TracksFrame);
const scene = buildScene(Int32Array.from(picture.slots), picture);
const view: View = { x: mercatorX(74), y: mercatorY(42), scale: scaleOf(9), width: 800, height: 600 };

test("a track moves on by its velocity: ten seconds at 250 m/s are 2500 m east", () => {
  const [lat, lon] = positionAt(scene, 0, 1010);
  const { rangeM, bearingDeg } = rangeBearing(42, 74, lat, lon);
  expect(Math.abs(rangeM / 2500 - 1)).toBeLessThan(0.01);
  expect(bearingDeg).toBeCloseTo(90, 1);
});

test("one without velocity stays", () => expect(positionAt(scene, 2, 1500)[0]).toBeCloseTo(60, 9));

test("the pointer picks the nearest track within its reach, where it is now", () => {
  expect(pick(scene, view, 1000, 400, 300, 16)).toBe(0);
  expect(pick(scene, view, 1000, 400, 297, 16)).toBe(1);
  const x = screenX(scene, view, 0, 1060);
  expect(pick(scene, view, 1060, x, 300, 16)).toBe(0);
  expect(pick(scene, view, 1000, 100, 100, 16)).toBe(-1);
});

test("rows for the graphics card hold place, motion, time, symbol and freshness", () => {
  const origin = { x: 0.7, y: 0.37, timeS: 990 };
  const rows = buildInstances(scene, picture, origin, 1000, [4]);
  expect(rows.byteLength).toBe(3 * INSTANCE_OCTETS);
  const floats = new Float32Array(rows);
  expect(floats[0]! + origin.x).toBeCloseTo(mercatorX(74), 9);
  expect(floats[4]).toBe(10);
  const octets = new Uint8Array(rows);
  expect(Array.from(octets.subarray(20, 23))).toEqual([Cell.track, 255, 0]);
  expect(octets[23]).toBe(5);
  expect(Array.from(octets.subarray(44, 47))).toEqual([Cell.coasting, 127, 1]);
});

test("each state has its symbol, and simulated tracks their own", () => {
  expect([1, 3, 5, 0].map(cellOf)).toEqual([Cell.track, Cell.coasting, Cell.ground, Cell.tentative]);
  expect(cellOf(1 | 8)).toBe(Cell.track + SIMULATED_CELLS);
});

test("trail points are sent once, and at most a whole ring of them", () => {
  const trails = new Trails(8);
  for (let t = 0; t < 3; t++) trails.push(5, 2, 100 + t, 420_000_000, 740_000_000);
  const origin = { x: 0.7, y: 0.37, timeS: 100 };
  expect(buildPoints(trails, 2, origin)).toMatchObject({ first: 2 });
  const { buffer } = buildPoints(trails, 0, origin);
  expect(new Float32Array(buffer)[6]).toBe(1);
  expect(Array.from(new Uint16Array(buffer).subarray(6, 8))).toEqual([5, 2]);
  for (let t = 0; t < 20; t++) trails.push(5, 2, 200 + t, 0, 0);
  expect(buildPoints(trails, 0, origin)).toMatchObject({ first: 15 });
});

test("the slot table tells whose trail is to be seen", () => {
  const table = buildSlotTable(buildScene(Int32Array.of(picture.slotOf(2)!), picture), picture);
  expect([...table]).toEqual([0, 0, 0, 255, 0, 0]);
});
