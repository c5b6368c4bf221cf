/** A small profile of one quantity over the trail, with its least, greatest and present value in words. */

import { html, svg, type TemplateResult } from "lit";

export interface Sample {
  readonly timeS: number;
  readonly value: number;
}

const WIDTH = 160;
const HEIGHT = 30;

/** Polyline points of the samples in a box, and their extremes; null with fewer than two known values. */
export function profile(samples: readonly Sample[], width: number, height: number): { points: string; low: number; high: number } | null {
  const known = samples.filter((sample) => Number.isFinite(sample.value));
  const first = known[0];
  const last = known.at(-1);
  if (first === undefined || last === undefined || known.length < 2 || last.timeS <= first.timeS) return null;
  const values = known.map((sample) => sample.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const span = high - low || 1;
  const points = known
    .map(({ timeS, value }) => {
      const x = ((timeS - first.timeS) / (last.timeS - first.timeS)) * width;
      const y = high === low ? height / 2 : height - 2 - ((value - low) / span) * (height - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
  return { points, low, high };
}

export function sparkline(words: string, samples: readonly Sample[], write: (value: number) => string): TemplateResult {
  const drawn = profile(samples, WIDTH, HEIGHT);
  const latest = samples.findLast((sample) => Number.isFinite(sample.value));
  const range = drawn ? `${write(drawn.low)} – ${write(drawn.high)}` : "–";
  return html`<figure class="sparkline">
    <figcaption>${words} <b>${latest ? write(latest.value) : "–"}</b><span>${range}</span></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${words} from ${range}">
      ${drawn ? svg`<polyline points=${drawn.points} fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/>` : ""}
    </svg>
  </figure>`;
}
