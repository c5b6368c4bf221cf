import { describe, expect, test } from "vitest";
import { formatHash, parseHash } from "./hash.ts";
import { MessageError, parseMessage } from "./messages.ts";
import { DEFAULTS, next, settingsFrom, VECTOR_MINUTES } from "./settings.ts";

describe("the address bar", () => {
  test("carries view, track and filter there and back", () => {
    const state = { map: { zoom: 7.25, lat: 41.3812, lon: -2.1 }, track: 12, filter: "kzr fl>300 &x" };
    expect(parseHash(formatHash(state))).toEqual(state);
    expect(formatHash({ map: null, track: null, filter: "" })).toBe("");
  });
  test.each(["", "#", "#map=a/b/c", "#map=5/99/0", "#track=x&map=1/2", "#map"])("that makes no sense is nothing: %s", (hash) => {
    expect(parseHash(hash)).toEqual({ map: null, track: null, filter: "" });
  });
});

describe("settings", () => {
  test("that are damaged are the defaults, field by field", () => {
    expect(settingsFrom(null)).toEqual(DEFAULTS);
    expect(settingsFrom({ palette: "day", labels: "yes", vectorMinutes: 4, trailMinutes: 10 })).toEqual({ ...DEFAULTS, palette: "day", trailMinutes: 10 });
    expect(settingsFrom(JSON.parse(JSON.stringify({ ...DEFAULTS, dock: false })))).toEqual({ ...DEFAULTS, dock: false });
  });
  test("that have choices go round", () => {
    let value: number = VECTOR_MINUTES[0];
    const seen = VECTOR_MINUTES.map(() => (value = next(VECTOR_MINUTES, value)));
    expect(new Set(seen).size).toBe(VECTOR_MINUTES.length);
  });
});

describe("a text frame", () => {
  test("is read when it has what is promised", () => {
    expect(parseMessage('{"type":"clock","time_s":1,"speed":0,"paused":false}')).toMatchObject({ type: "clock" });
  });
  test("of a later protocol is passed over", () => expect(parseMessage('{"type":"warnings"}')).toBeNull());
  test.each(["", "[]", "7", "null", "{}", '{"type":7}', '{"type":"clock"}', '{"type":"hello","protocol":1}', '{"type":"health","sensors":{}}'])(
    "that is not what it should be is refused: %s",
    (text) => expect(() => parseMessage(text)).toThrow(MessageError),
  );
});
