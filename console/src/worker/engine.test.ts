import { describe, expect, test } from "vitest";
import { decodeFrame } from "../model/frame.ts";
import { trailsFrame, tracksFrame, type Row } from "../model/frame.fixtures.ts";
import { mercatorX, mercatorY } from "../model/geo.ts";
import type { Hello } from "../model/messages.ts";
import { Engine } from "./engine.ts";
import type { FromWorker } from "./protocol.ts";

const HELLO: Hello = {
  type: "hello",
  protocol: 1,
  node: "kant",
  member: "KG",
  mode: "live",
  simulated: false,
  sensors: [
    { index: 0, id: "KANT", member: "KG", kind: "modes", lat_deg: 42.85, lon_deg: 74.85, range_max_m: 370_000, period_s: 4 },
    { index: 1, id: "OSH", member: "KG", kind: "ssr", lat_deg: 40.6, lon_deg: 72.8, range_max_m: 250_000, period_s: 10 },
  ],
  recording: null,
  view: null,
};
const VIEW = { x: mercatorX(74), y: mercatorY(42), scale: 512 * 2 ** 7, width: 1000, height: 600 };

/** An engine whose clock stands at `wall.s`, and what it said, newest of each type. */
function begin() {
  const said: FromWorker[] = [];
  const wall = { s: 100 };
  const engine = new Engine((message) => said.push(message), () => wall.s, () => ({ frames: 0, malformed: 0, gaps: 0, connects: 1 }));
  engine.message(HELLO);
  const last = <T extends FromWorker["type"]>(type: T) =>
    said.findLast((message): message is Extract<FromWorker, { type: T }> => message.type === type);
  const picture = (rows: readonly Row[], fields: Parameters<typeof tracksFrame>[1] = {}) => {
    engine.frame(decodeFrame(tracksFrame(rows, fields)));
    engine.show();
  };
  return { engine, said, wall, last, picture };
}

describe("a picture comes", () => {
  test("its tracks are counted, drawn and written into the rows that are asked for", () => {
    const { engine, last, picture } = begin();
    engine.setWindow(0, 10);
    picture([{ track: 7, callsign: "KZR101", mode3a: 0o2104, contributors: 3, altitudeM: 10_668 }, { track: 3 }], { kind: 1 });
    expect(last("update")).toMatchObject({ total: 2, shown: 2 });
    expect(last("update")!.instances.byteLength).toBe(48);
    expect(last("rows")!.rows.map((row) => row.cells[0])).toEqual(["3", "7"]);
    expect(last("rows")!.rows[1]!.cells).toEqual(["7", "KZR101", "–", "2104", "350", "0", "–", "–", "0 s", "KG", "KANT OSH"]);
  });

  test("a removed track is gone, and its panel says since when", () => {
    const { engine, last, picture } = begin();
    picture([{ track: 1 }, { track: 2 }], { kind: 1, timeS: 1000 });
    engine.select(2);
    picture([], { timeS: 1001, removed: [2] });
    expect(last("update")).toMatchObject({ total: 1 });
    expect(last("detail")!.detail).toMatchObject({ track: 2, droppedS: 1001 });
  });

  test("trails of the node and of the frames that follow make one trail", () => {
    const { engine, last, picture } = begin();
    picture([{ track: 1, lat: 42.1 }], { kind: 1, timeS: 1000 });
    engine.frame(decodeFrame(trailsFrame([{ track: 1, points: [[42, 74, 8], [42.05, 74, 4]] }, { track: 9, points: [[1, 1, 4]] }], { timeS: 1000 })));
    picture([{ track: 1, lat: 42.15 }], { timeS: 1004 });
    engine.select(1);
    expect(last("detail")!.detail!.trail.map((point) => [point.timeS, Number(point.lat.toFixed(2))])).toEqual([
      [992, 42], [996, 42.05], [1000, 42.1], [1004, 42.15],
    ]);
  });

  test("a snapshot of the same scene keeps the trails; a jump in time or a new link drops them", () => {
    const { engine, last, picture } = begin();
    picture([{ track: 1 }], { kind: 1, timeS: 1000 });
    picture([{ track: 1 }], { kind: 1, timeS: 1010 });
    engine.select(1);
    expect(last("detail")!.detail!.trail).toHaveLength(2);
    const { epoch } = last("update")!;
    picture([{ track: 1 }], { kind: 1, timeS: 500 });
    expect(last("detail")!.detail!.trail).toHaveLength(1);
    expect(last("update")!.epoch).toBeGreaterThan(epoch);
    picture([{ track: 1 }], { timeS: 506 });
    engine.message(HELLO);
    picture([{ track: 1 }], { kind: 1, timeS: 507 });
    expect(last("detail")!.detail!.trail).toHaveLength(1);
  });

  test("only trail points that are new are sent", () => {
    const { last, picture } = begin();
    picture([{ track: 1 }, { track: 2 }], { kind: 1, timeS: 1000 });
    expect(last("update")!.points).toMatchObject({ first: 0 });
    picture([{ track: 1 }], { timeS: 1005 });
    expect(last("update")!.points.first).toBe(2);
    expect(last("update")!.points.buffer.byteLength).toBe(16);
  });
});

describe("the operator", () => {
  test("filters table and map together", () => {
    const { engine, last, picture } = begin();
    engine.setWindow(0, 10);
    engine.setFilter("kzr");
    picture([{ track: 1, callsign: "KZR1" }, { track: 2, callsign: "AFL2" }], { kind: 1 });
    expect(last("update")).toMatchObject({ total: 2, shown: 1 });
    expect(last("rows")).toMatchObject({ total: 1 });
  });

  test("picks the track under the pointer where it has moved to since its frame", () => {
    const { engine, last, picture, wall } = begin();
    engine.setView(VIEW);
    picture([{ track: 5, lat: 42, lon: 74, veMps: 250 }], { kind: 1, timeS: 1000 });
    wall.s += 2;
    engine.pickAt(500, 300);
    expect(last("picked")!.track).toBe(5);
    engine.pickAt(700, 300);
    expect(last("picked")!.track).toBeNull();
  });

  test("steps through the table in its order, and stops at its ends", () => {
    const { engine, last, picture } = begin();
    picture([{ track: 1, callsign: "B" }, { track: 2, callsign: "A" }], { kind: 1 });
    engine.setOrder({ column: "callsign", descending: false });
    engine.step(1);
    expect(last("picked")!.track).toBe(2);
    engine.select(2);
    engine.step(5);
    expect(last("picked")!.track).toBe(1);
  });

  test("steps through the table as it was filtered last, though no picture came since", () => {
    const { engine, last, picture } = begin();
    picture([{ track: 1, callsign: "B" }, { track: 2, callsign: "A" }], { kind: 1 });
    engine.setFilter("B");
    engine.setOrder({ column: "callsign", descending: false });
    engine.step(1);
    expect(last("picked")!.track).toBe(1);
  });

  test("gets a label for what is selected even in a crowd", () => {
    const { engine, last, picture } = begin();
    engine.setView(VIEW);
    engine.select(77);
    picture(Array.from({ length: 200 }, (_, k) => ({ track: k + 1, lat: 42 + (k % 14) * 0.01, lon: 74 + Math.floor(k / 14) * 0.01 })), { kind: 1 });
    expect(last("labels")!.labels.map((label) => label.track)).toContain(77);
    expect(last("labels")!.selected).toMatchObject({ track: 77 });
  });
});
