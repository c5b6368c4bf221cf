/** What an update of 20,000 tracks costs, at the level of data: in the worker, and on the page's thread. */

import { bench, describe } from "vitest";
import { TrackStore } from "../map/track-store.ts";
import { decodeFrame } from "../model/frame.ts";
import { tracksFrame } from "../model/frame.fixtures.ts";
import { mercatorX, mercatorY } from "../model/geo.ts";
import { Engine } from "./engine.ts";
import type { Update } from "./protocol.ts";

const COUNT = 20_000;
const ROWS = Array.from({ length: COUNT }, (_, k) => ({
  track: k + 1,
  lat: 35 + (k % 200) * 0.15,
  lon: -10 + Math.floor(k / 200) * 0.4,
  vnMps: 100 + (k % 90),
  veMps: 50 - (k % 70),
  altitudeM: 1000 + (k % 11_000),
  callsign: `KZR${k}`,
}));
const FRAMES = [0, 1, 2, 3].map((k) => tracksFrame(ROWS, { kind: k === 0 ? 1 : 2, timeS: 1000 + 5 * k }));

let update: Update | null = null;
let wallS = 0;
const engine = new Engine(
  (message) => {
    if (message.type === "update") update = message;
  },
  () => wallS,
  () => ({ frames: 0, malformed: 0, gaps: 0, connects: 1 }),
);
engine.setView({ x: mercatorX(10), y: mercatorY(50), scale: 512 * 2 ** 4, width: 1440, height: 900 });
engine.setWindow(0, 20);
engine.setOrder({ column: "callsign", descending: false });
const store = new TrackStore();
let turn = 0;

describe(`${COUNT} tracks`, () => {
  bench("worker: decode a delta of all tracks, take it in", () => {
    wallS += 1;
    engine.frame(decodeFrame(FRAMES[turn++ % FRAMES.length]!));
  });

  bench("worker: filter, sort by callsign, place labels, build rows for the graphics card", () => {
    wallS += 1;
    engine.frame(decodeFrame(FRAMES[turn++ % FRAMES.length]!));
    engine.show();
  });

  bench("page: take an update over", () => {
    store.take(update!);
  });
});
