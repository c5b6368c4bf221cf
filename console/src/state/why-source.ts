/** Why a track is what it is, from `GET /api/tracks/{track}/explain`. */

export interface Weight {
  readonly distance2: number;
  readonly log_likelihood: number;
  /** Log odds against nobody known; null: out of the gate. */
  readonly gain: number | null;
  readonly share: number;
}

export interface Rival {
  readonly track: number;
  readonly weight: Weight;
  readonly got: "this" | "another" | "none";
}

export interface Decision {
  readonly time_s: number;
  readonly act: string;
  readonly reason: string;
  readonly text: string;
  readonly sensor: string | null;
  readonly weight: Weight | null;
  readonly existence: number | null;
  readonly rivals: readonly Rival[];
}

export interface Explanation {
  readonly track: number;
  readonly begin_s: number;
  readonly end_s: number;
  readonly decisions: readonly Decision[];
}

/** Tracking some time once more takes longer than looking something up. */
const PATIENCE_MS = 25_000;

/** What was decided about a track lately, or until a time. Throws an Error that says why it cannot be told. */
export async function explain(track: number, given: AbortSignal): Promise<Explanation> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)]);
  const answer = await fetch(`api/tracks/${track}/explain`, { signal, headers: { accept: "application/json" } });
  const body: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return body as Explanation;
  const { detail } = body as { detail?: unknown };
  throw new Error(typeof detail === "string" ? detail : `the node answers ${answer.status}`);
}
