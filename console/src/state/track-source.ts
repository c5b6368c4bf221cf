/** The life of a plot behind a track, from `GET /api/tracks/{track}`. */

export interface PlotEntry {
  readonly sensor: string;
  readonly time_s: number;
  /** Null where nobody recorded the octets: on a live feed. */
  readonly recording: string | null;
  readonly offset: number | null;
}

/** A node that is this busy is not asked again meanwhile. */
const PATIENCE_MS = 15_000;

/** The latest plots of a track, newest first; empty when the node holds it no more. */
export async function latestPlots(track: number, given: AbortSignal): Promise<readonly PlotEntry[]> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(PATIENCE_MS)]);
  const answer = await fetch(`api/tracks/${track}`, { signal, headers: { accept: "application/json" } });
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`the node answers ${answer.status}`);
  const body: unknown = await answer.json();
  const plots = (body as { latest_plots?: unknown }).latest_plots;
  return Array.isArray(plots) ? (plots as PlotEntry[]).toReversed() : [];
}
