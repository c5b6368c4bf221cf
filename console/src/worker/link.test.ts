import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Frame } from "../model/frame.ts";
import { tracksFrame } from "../model/frame.fixtures.ts";
import type { Message } from "../model/messages.ts";
import { Link, type Socket } from "./link.ts";
import type { LinkState } from "./protocol.ts";

class Wire implements Socket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly sent: string[] = [];
  closed = false;
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
}

function begin() {
  const wires: Wire[] = [];
  const states: LinkState[] = [];
  const frames: Frame[] = [];
  const messages: Message[] = [];
  const events = {
    state: (state: LinkState) => void states.push(state),
    frame: (frame: Frame) => void frames.push(frame),
    message: (message: Message) => void messages.push(message),
  };
  const link = new Link("ws://node/api/stream", events, () => {
    const wire = new Wire();
    wires.push(wire);
    return wire;
  });
  link.connect();
  wires[0]!.onopen!();
  const get = (data: unknown, wire = wires.at(-1)!) => wire.onmessage!({ data });
  return { link, wires, states, frames, messages, get };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the link", () => {
  test("passes on frames in sequence and words, and sends commands", () => {
    const { link, wires, frames, messages, get } = begin();
    get('{"type":"clock","time_s":1,"speed":1,"paused":false}');
    get(tracksFrame([], { kind: 1, sequence: 5 }));
    get(tracksFrame([], { sequence: 6 }));
    link.send({ paused: true });
    expect([frames.length, messages.length]).toEqual([2, 1]);
    expect(JSON.parse(wires[0]!.sent[0]!)).toEqual({ type: "replay", paused: true });
    expect(link.counters).toEqual({ frames: 2, malformed: 0, gaps: 0, connects: 1 });
  });

  test("connects anew after a gap in the sequence, and does not pass on what came after it", () => {
    const { link, wires, frames, states, get } = begin();
    get(tracksFrame([], { kind: 1, sequence: 0 }));
    get(tracksFrame([], { sequence: 2 }));
    expect(frames).toHaveLength(1);
    expect(wires[0]!.closed).toBe(true);
    expect(states.at(-1)).toMatchObject({ state: "waiting", reason: "frame 2 came where 1 was due" });
    vi.advanceTimersByTime(500);
    expect(wires).toHaveLength(2);
    wires[1]!.onopen!();
    get(tracksFrame([], { kind: 1, sequence: 0 }));
    expect(frames).toHaveLength(2);
    expect(link.counters).toMatchObject({ gaps: 1, connects: 2 });
  });

  test("counts a malformed frame and connects anew; nothing is thrown", () => {
    const { link, states, get } = begin();
    get(new ArrayBuffer(12));
    expect(link.counters.malformed).toBe(1);
    expect(states.at(-1)!.state).toBe("waiting");
    vi.advanceTimersByTime(500);
    get("no json");
    expect(link.counters.malformed).toBe(2);
  });

  test("tries ever more slowly while the node is away, and at once again after a picture", () => {
    const { wires, states, get } = begin();
    for (const wait of [0.5, 1, 2, 4]) {
      wires.at(-1)!.onclose!({ code: 1006, reason: "" });
      expect(states.at(-1)).toMatchObject({ state: "waiting", retryS: wait });
      vi.advanceTimersByTime(wait * 1000);
    }
    get(tracksFrame([], { kind: 1 }));
    wires.at(-1)!.onclose!({ code: 1006, reason: "" });
    expect(states.at(-1)).toMatchObject({ retryS: 0.5 });
  });

  test("takes ten silent seconds for a loss", () => {
    const { wires, states } = begin();
    vi.advanceTimersByTime(9_999);
    expect(wires[0]!.closed).toBe(false);
    vi.advanceTimersByTime(2);
    expect(states.at(-1)).toMatchObject({ state: "waiting", reason: "nothing heard for 10 s" });
  });

  test("does not try a node that speaks another protocol again", () => {
    const { wires, states, get } = begin();
    get('{"type":"hello","protocol":2,"node":"n","member":"KG","mode":"live","sensors":[]}');
    expect(states.at(-1)!.state).toBe("refused");
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
  });
});
