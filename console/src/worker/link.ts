/**
 * The WebSocket to the node. It stays open, or comes back: after a loss, a gap in the sequence, a malformed frame or
 * ten silent seconds the socket is closed and opened anew, and the node's snapshot sets the picture right. Only a node
 * that speaks another protocol is not tried again.
 */

import { backoffS } from "../model/backoff.ts";
import { decodeFrame, FrameError, type Frame } from "../model/frame.ts";
import { MessageError, parseMessage, type Message, type ReplayCommand } from "../model/messages.ts";
import type { Counters, LinkState } from "./protocol.ts";

export const PROTOCOL = 1;
const SILENCE_S = 10;

export interface LinkEvents {
  state(link: LinkState): void;
  message(message: Message): void;
  frame(frame: Frame): void;
}

/** The part of a WebSocket that is used, so that tests can be one. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  send(text: string): void;
  close(): void;
}

export type LinkCounters = Pick<Counters, "frames" | "malformed" | "gaps" | "connects">;

export class Link {
  readonly counters: { -readonly [name in keyof LinkCounters]: number } = { frames: 0, malformed: 0, gaps: 0, connects: 0 };
  private socket: Socket | null = null;
  private failures = 0;
  private sequence: number | null = null;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly events: LinkEvents,
    private readonly open: (url: string) => Socket = (address) => new WebSocket(address) as unknown as Socket,
  ) {}

  connect(): void {
    this.events.state({ state: "connecting" });
    this.sequence = null;
    const socket = this.open(this.url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.counters.connects++;
      this.heard();
      this.events.state({ state: "open" });
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.again(event.reason || closedBecause(event.code));
    this.socket = socket;
    this.heard();
  }

  send(command: ReplayCommand): void {
    this.socket?.send(JSON.stringify({ type: "replay", ...command }));
  }

  private receive(data: unknown): void {
    this.heard();
    try {
      if (typeof data === "string") this.text(data);
      else if (data instanceof ArrayBuffer) this.binary(data);
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof MessageError)) throw error;
      this.counters.malformed++;
      this.again(`malformed: ${error.message}`);
    }
  }

  private text(data: string): void {
    const message = parseMessage(data);
    if (message === null) return;
    if (message.type === "hello" && message.protocol !== PROTOCOL) {
      this.stop();
      const reason = `the node speaks protocol ${message.protocol}, this console ${PROTOCOL}: reload the page`;
      this.events.state({ state: "refused", reason });
      return;
    }
    this.events.message(message);
  }

  private binary(data: ArrayBuffer): void {
    const frame = decodeFrame(data);
    const expected = this.sequence === null ? frame.sequence : (this.sequence + 1) >>> 0;
    if (frame.sequence !== expected) {
      this.counters.gaps++;
      this.again(`frame ${frame.sequence} came where ${expected} was due`);
      return;
    }
    this.sequence = frame.sequence;
    this.counters.frames++;
    this.failures = 0;
    this.events.frame(frame);
  }

  /** Close what is open, and connect anew after a while. */
  private again(reason: string): void {
    this.stop();
    this.failures++;
    const wait = backoffS(this.failures);
    this.events.state({ state: "waiting", retryS: wait, reason });
    this.retry = setTimeout(() => this.connect(), wait * 1000);
  }

  private stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.again(`nothing heard for ${SILENCE_S} s`), SILENCE_S * 1000);
  }
}

function closedBecause(code: number): string {
  if (code === 1008 || code === 4401 || code === 4403) return "the node does not accept this session's token";
  if (code === 1006) return "the node does not answer, or does not accept this session's token";
  return `the node closed the link (${code})`;
}
