/** Why the selected track is what it is: the latest decisions about it, asked for by the operator. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { utcTime } from "../model/format.ts";
import { explain, type Decision, type Explanation } from "../state/why-source.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

const SHOWN = 12;
/** An alternative of less weight is told only in the sentences. */
const WORTH_TELLING = 0.01;

/** What became of a plot or of the track, for the narrow column. */
const WORDS: Readonly<Record<string, string>> = {
  begun: "begun",
  given: "plot taken",
  confirmed: "shown",
  split: "plot dropped",
  lost: "plot lost",
  missed: "plot missed",
  absorbed: "took in",
  merged: "merged",
  ended: "ended",
};

@customElement("asman-why-panel")
export class WhyPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .ask { display: flex; align-items: center; gap: 8px; }
      .ask h2 { margin: 0; flex: 1; }
      .sum { margin: 6px 0; }
      tr.fact td { border-top: 1px solid var(--line); }
      tr.words td { border-top: 0; padding-top: 0; white-space: normal; color: var(--text-muted); font-size: var(--text-s); line-height: 1.35; }
      .close { color: var(--text); }
      .alarm { font-weight: 600; }
    `,
  ];

  @property({ attribute: false }) track: number | null = null;
  @state() private told: Explanation | null = null;
  @state() private failure = "";
  @state() private asking: AbortController | null = null;

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (!changed.has("track")) return;
    this.asking?.abort();
    this.asking = null;
    this.told = null;
    this.failure = "";
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.asking?.abort();
  }

  private async ask(): Promise<void> {
    if (this.track === null || this.asking !== null) return;
    const asking = new AbortController();
    this.asking = asking;
    this.failure = "";
    try {
      const told = await explain(this.track, asking.signal);
      if (this.asking === asking) this.told = told;
    } catch (error) {
      if (this.asking === asking) this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  override render(): TemplateResult {
    const words = this.asking !== null ? "Asking …" : this.told === null ? "Why?" : "Again";
    return html`<section>
      <div class="ask"><h2>Why it is what it is</h2>
        <button ?disabled=${this.asking !== null} title="Which plots it got, and what else was close" @click=${() => void this.ask()}>${words}</button></div>
      ${this.failure ? html`<p class="empty" role="status">Not to be had: ${this.failure}</p>` : nothing}
      ${this.told === null ? nothing : this.decisions(this.told)}
    </section>`;
  }

  private decisions(told: Explanation): TemplateResult {
    const taken = told.decisions.filter((one) => one.act === "given");
    const notable = told.decisions.filter(isNotable);
    const latest = (notable.length > 0 ? notable : taken).slice(-SHOWN).toReversed();
    const left = (notable.length > 0 ? notable : taken).length - latest.length;
    if (told.decisions.length === 0) return html`<p class="empty">Nothing happened to it: no plot came into question, none was due.</p>`;
    return html`<p class="sum">${summary(taken)} ${notable.length > 0 ? "Beside plain plots:" : "The latest:"}</p>
      <table><thead><tr><th>Time</th><th>What</th><th>Sensor</th><th class="number" title="squared Mahalanobis distance">d²</th>
      <th class="number" title="among all that could have had the plot">Weight</th></tr></thead>
      <tbody>${latest.map((one) => this.decision(one))}</tbody></table>
      <p class="empty">${utcTime(told.begin_s)}Z to ${utcTime(told.end_s)}Z${left > 0 ? `, ${left} earlier ones left out` : ""}</p>`;
  }

  private decision(one: Decision): TemplateResult {
    const alarm = one.act === "missed" || one.act === "lost" || one.act === "split" || one.act === "ended";
    const close = one.rivals.some((rival) => rival.weight.share > 0.01);
    return html`<tr class="fact"><td>${utcTime(one.time_s)}</td><td class=${alarm ? "alarm" : ""}>${WORDS[one.act] ?? one.act}</td><td>${one.sensor ?? ""}</td>
        <td class="number">${one.weight === null ? "" : one.weight.distance2.toFixed(1)}</td>
        <td class="number">${one.weight === null ? "" : `${(100 * one.weight.share).toFixed(close ? 1 : 0)} %`}</td></tr>
      <tr class="words"><td colspan="5" class=${close ? "close" : ""}>${one.text}</td></tr>`;
  }
}

/** Whether there is more to say of it than that a plot came as expected: an alternative with any weight, a loss, a change. */
function isNotable(one: Decision): boolean {
  return one.act !== "given" || one.rivals.some((rival) => rival.weight.share >= WORTH_TELLING);
}

function summary(taken: readonly Decision[]): string {
  if (taken.length === 0) return "No plot was taken.";
  const sensors = new Set(taken.map((one) => one.sensor)).size;
  const farthest = Math.sqrt(Math.max(...taken.map((one) => one.weight?.distance2 ?? 0)));
  const plots = taken.length === 1 ? "1 plot was taken" : `${taken.length} plots of ${sensors} ${sensors === 1 ? "sensor" : "sensors"} were taken`;
  return `${plots}, at most ${farthest.toFixed(1)} sigma from where it was expected.`;
}
