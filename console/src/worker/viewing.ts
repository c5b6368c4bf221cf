/**
 * Asks the node again and again for the picture as another member may see it, `GET /api/view/{member}`, and lays it over
 * our own. One question at a time: a node that is slow is asked less often.
 */

import { laidOver, readView, type Seen, type ViewedTrack } from "../model/viewed.ts";
import type { Members } from "../model/members.ts";
import { Picture } from "../model/picture.ts";

const PAUSE_MS = 1000;
const PATIENCE_MS = 15_000;

export interface ViewState {
  readonly member: string;
  /** Null before the first answer. */
  readonly seen: Seen | null;
  /** Why there is nothing, in the node's words. */
  readonly reason: string;
  /** Why the node could not be asked. */
  readonly failure: string;
  /** Picture time of the latest answer. */
  readonly timeS: number;
}

export type Ask = (url: string, signal: AbortSignal) => Promise<unknown>;

async function askNode(url: string, signal: AbortSignal): Promise<unknown> {
  const answer = await fetch(url, { signal, headers: { accept: "application/geo+json" } });
  if (!answer.ok) throw new Error(`the node answers ${answer.status}`);
  return answer.json();
}

export class Viewing {
  state: ViewState | null = null;
  picture = new Picture();
  private asking: AbortController | null = null;
  private tracks: readonly ViewedTrack[] = [];

  constructor(
    private readonly changed: () => void,
    private readonly ask: Ask = askNode,
  ) {}

  /** Show the picture as `member` sees it, told at `url`; null: our own. */
  show(member: string | null, url: string): void {
    this.asking?.abort();
    this.asking = null;
    this.state = member === null ? null : { member, seen: null, reason: "", failure: "", timeS: Number.NaN };
    this.picture = new Picture();
    this.tracks = [];
    this.changed();
    if (member === null) return;
    const asking = new AbortController();
    this.asking = asking;
    void this.run(url, asking.signal);
  }

  /** Lay the latest answer over our picture as it is now. */
  lay(own: Picture, members: Members, nowS: number): void {
    if (this.state === null || (this.state.seen === null && Number.isNaN(this.state.timeS))) return;
    const { frame, seen } = laidOver(own, this.tracks, this.state.member, members, nowS);
    this.picture.apply(frame);
    this.state = { ...this.state, seen };
  }

  private async run(url: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { tracks, reason } = readView(await this.ask(url, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])));
        this.take({ reason, failure: "" }, tracks, signal);
      } catch (error) {
        this.fail(error instanceof Error ? error.message : String(error), signal);
      }
      await new Promise((resolve) => void setTimeout(resolve, PAUSE_MS));
    }
  }

  /** What was seen last stays, and it is said that it is old. */
  private fail(failure: string, signal: AbortSignal): void {
    if (signal.aborted || this.state === null) return;
    this.state = { ...this.state, failure };
    this.changed();
  }

  private take(words: Pick<ViewState, "reason" | "failure">, tracks: readonly ViewedTrack[], signal: AbortSignal): void {
    if (signal.aborted || this.state === null) return;
    this.tracks = tracks;
    this.state = { ...this.state, ...words, timeS: Math.max(0, ...tracks.map((track) => track.timeS)) };
    this.changed();
  }
}
