/** What the node alone knows of a track, from `GET /api/tracks/{track}`: its plots, who contributed to it, who sees it. */

import type { Identity } from "../model/nouns.ts";
import { node, NodeError } from "./node-api.ts";

export interface PlotEntry {
  readonly sensor: string;
  readonly time_s: number;
  /** Null where nobody recorded the octets: on a live feed. */
  readonly recording: string | null;
  readonly offset: number | null;
}

/** One member's part in a track. */
export interface Source {
  readonly origin: string;
  /** The track's number at its owner; null where it is not told. */
  readonly number: number | null;
  /** Under which agreements it came; none of our own. */
  readonly agreements: readonly string[];
  /** Latest contribution, UTC epoch seconds. */
  readonly last_s: number | null;
  readonly sigma_m: number | null;
  /** Whether this member holds reporting responsibility. */
  readonly responsible: boolean;
}

/** Whether a partner sees the track. */
export interface Visibility {
  readonly member: string;
  /** The clause under which it is released, or that withholds it; null where there is none. */
  readonly agreement: string | null;
  /** "released", or the reason why not. */
  readonly why: string;
}

export const RELEASED = "released";

export interface TrackStory {
  /** Newest first. */
  readonly plots: readonly PlotEntry[];
  readonly contributors: readonly string[];
  /** Null where the node does not tell: it has no partners. */
  readonly sources: readonly Source[] | null;
  readonly visibleTo: readonly Visibility[] | null;
  /** What members hold it to be, our own first. */
  readonly identities: readonly Identity[];
}

const NOTHING: TrackStory = { plots: [], contributors: [], sources: null, visibleTo: null, identities: [] };

/** Empty when the node holds the track no more. */
export async function trackStory(track: number, signal: AbortSignal): Promise<TrackStory> {
  try {
    const body = await node<Record<string, unknown>>(`api/tracks/${track}`, { signal });
    const list = <T>(name: string): readonly T[] | null => (Array.isArray(body[name]) ? (body[name] as T[]) : null);
    return {
      plots: (list<PlotEntry>("latest_plots") ?? []).toReversed(),
      contributors: list<string>("contributors") ?? [],
      sources: list<Source>("sources"),
      visibleTo: list<Visibility>("visible_to"),
      identities: list<Identity>("identities") ?? [],
    };
  } catch (error) {
    if (error instanceof NodeError && error.status === 404) return NOTHING;
    throw error;
  }
}
