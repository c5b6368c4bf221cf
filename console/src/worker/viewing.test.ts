import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeFrame } from "../model/frame.ts";
import { tracksFrame } from "../model/frame.fixtures.ts";
import { Engine } from "./engine.ts";
import type { FromWorker } from "./protocol.ts";
import { Viewing, type Ask } from "./viewing.ts";

const NOW = 1_700_000_000;
const answer = { type: "FeatureCollection", features: [{ geometry: { coordinates: [74, 42] }, properties: { track: 1, time: new Date(NOW * 1000).toISOString(), address: 0x4ca123, origin: "KG" } }] };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the node is asked again a second after each answer, and no more once our own picture is back", async () => {
  const ask = vi.fn<Ask>(async () => answer);
  const viewing = new Viewing(() => {}, ask);
  viewing.show("RU", "http://node/api/view/RU");
  await vi.advanceTimersByTimeAsync(2500);
  expect(ask).toHaveBeenCalledTimes(3);
  expect(ask.mock.calls[0]![0]).toBe("http://node/api/view/RU");
  viewing.show(null, "");
  await vi.advanceTimersByTimeAsync(5000);
  expect(ask).toHaveBeenCalledTimes(3);
  expect(viewing.state).toBeNull();
});

test("an answer that comes after the operator has turned away is not shown", async () => {
  let give: (value: unknown) => void = () => {};
  const viewing = new Viewing(() => {}, () => new Promise((resolve) => void (give = resolve)));
  viewing.show("RU", "http://node/ru");
  const late = give;
  viewing.show("KZ", "http://node/kz");
  late(answer);
  await vi.advanceTimersByTimeAsync(10);
  expect(viewing.state).toMatchObject({ member: "KZ", seen: null });
});

test("a node that does not answer is said so, and asked again", async () => {
  const ask = vi.fn<Ask>().mockRejectedValueOnce(new Error("the node answers 503")).mockResolvedValue(answer);
  const viewing = new Viewing(() => {}, ask);
  viewing.show("RU", "http://node/ru");
  await vi.advanceTimersByTimeAsync(10);
  expect(viewing.state!.failure).toBe("the node answers 503");
  await vi.advanceTimersByTimeAsync(1000);
  expect(viewing.state!.failure).toBe("");
});

test("map, table and counts show the laid-over picture while it is on, and ours again afterwards", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(answer)));
  const said: FromWorker[] = [];
  const last = <T extends FromWorker["type"]>(type: T) => said.findLast((m): m is Extract<FromWorker, { type: T }> => m.type === type);
  const engine = new Engine((message) => said.push(message), () => 0, () => ({ frames: 0, malformed: 0, gaps: 0, connects: 1 }));
  engine.message({ type: "hello", protocol: 1, node: "n", member: "KG", mode: "live", simulated: false, sensors: [], recording: null, view: null, members: ["KG", "RU"] });
  engine.setWindow(0, 10);
  engine.frame(decodeFrame(tracksFrame([{ track: 7, address: 0x4ca123 }, { track: 8, lat: 43 }, { track: 9, lat: 44, origin: 1 }], { kind: 1, timeS: NOW })));
  engine.show();
  expect(last("origins")!.counts).toEqual([2, 1]);
  engine.viewAs("RU", "http://node/api/view/RU");
  engine.show();
  expect(last("update")).toMatchObject({ total: 0 });
  await vi.advanceTimersByTimeAsync(10);
  engine.show();
  expect(last("viewed")!.state).toMatchObject({ member: "RU", seen: { both: 1, onlyWe: 1, onlyThey: 0, theirs: 1 } });
  expect(last("rows")!.rows.map((row) => [row.track, row.seen])).toEqual([[7, "both"], [8, "only-we"], [9, "both"]]);
  engine.setFilter("is:only-we");
  engine.show();
  expect(last("update")).toMatchObject({ total: 3, shown: 1 });
  engine.select(8);
  expect(last("detail")!.detail).toMatchObject({ track: 8, origin: "KG", filtered: false });
  engine.viewAs(null, "");
  engine.setFilter("");
  engine.show();
  expect(last("viewed")!.state).toBeNull();
  expect(last("rows")!.rows.map((row) => row.seen)).toEqual(["both", "both", "both"]);
});
