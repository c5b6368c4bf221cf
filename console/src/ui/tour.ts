/** The guided tour's card: one step at a time, beside the picture that it speaks of. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { icons } from "./icons.ts";
import { shared } from "./shared.ts";

@customElement("asman-tour")
export class TourCard extends LitElement {
  static override readonly styles = [
    shared,
    css`
      :host { position: absolute; bottom: 36px; left: 56px; z-index: 4; }
      .card { width: 400px; max-width: calc(100vw - 120px); padding: 12px 14px; border: 1px solid var(--accent); border-left-width: 5px; border-radius: 5px; background: var(--surface-1); box-shadow: 0 8px 30px rgb(0 0 0 / 0.45); font-size: 13px; line-height: 1.45; }
      .head { display: flex; align-items: center; gap: 8px; }
      .head b { flex: 1; font-size: 15px; }
      .head span { color: var(--text-muted); font-size: var(--text-s); }
      p { margin: 7px 0 0; }
      .outcome { padding: 6px 9px; border-left: 3px solid var(--ok); background: color-mix(in srgb, var(--ok) 14%, transparent); font-weight: 600; }
      .actions { display: flex; align-items: center; gap: 7px; margin-top: 11px; }
      .actions .grow { flex: 1; }
      .act { border-color: var(--accent); font-weight: 650; }
      .next { border-color: var(--accent); background: var(--accent); color: var(--accent-ink); font-weight: 650; }
      .next:hover:not(:disabled) { background: color-mix(in srgb, var(--accent) 82%, white); }
      a { color: var(--accent); font-weight: 600; }
      .links { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 8px; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["tour", "origins", "sharing", "viewed"]));
  }

  override render(): TemplateResult {
    const { workplace: w } = this;
    const { tour } = w;
    const { step } = tour;
    if (step === null) return html`${nothing}`;
    const act = step.act?.(w) ?? null;
    const outcome = step.outcome?.(w, tour) ?? "";
    const final = tour.at === tour.steps.length - 1;
    return html`<div class="card" role="dialog" aria-labelledby="step">
      <div class="head"><b id="step">${step.title}</b><span>${tour.at + 1} of ${tour.steps.length}</span>
        <button class="bare" title="End the tour" aria-label="End the tour" @click=${() => tour.end()}>${icons.close}</button></div>
      <div aria-live="polite">${step.words(w).map((words) => html`<p>${words}</p>`)}</div>
      ${step.consoles ? html`<div class="links">${step.consoles.map((member) => this.console(member))}</div>` : nothing}
      ${outcome ? html`<p class="outcome" role="status">${outcome}</p>` : nothing}
      <div class="actions">
        ${act === null ? nothing : html`<button class="act" @click=${act.run}>${act.words}</button>`}
        <span class="grow"></span>
        <button ?disabled=${tour.at === 0} @click=${() => tour.go(tour.at - 1)}>Back</button>
        <button class="next" @click=${() => tour.go(tour.at + 1)}>${final ? "Done" : "Next"}</button>
      </div></div>`;
  }

  private console(member: string): TemplateResult | typeof nothing {
    const url = this.workplace.hello?.peers?.find((peer) => peer.member === member)?.url;
    return url ? html`<a href=${url} target="_blank" rel="noopener noreferrer">Open ${member}'s console ↗</a>` : nothing;
  }
}
