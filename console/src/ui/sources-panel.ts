/** Of the selected track: who contributed what under which agreement, who is responsible for it, and who sees it or why not. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { age, metres } from "../model/format.ts";
import type { Members } from "../model/members.ts";
import { RELEASED, type Source, type TrackStory, type Visibility } from "../state/track-source.ts";
import { memberMark } from "./member-mark.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

@customElement("asman-sources-panel")
export class SourcesPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      td { vertical-align: top; }
      td.words { white-space: normal; line-height: 1.35; }
      .under { display: block; color: var(--text-muted); font-size: var(--text-s); }
      .responsible { font-weight: 650; }
      .sees { color: var(--ok); font-weight: 650; }
      .not { font-weight: 650; }
    `,
  ];

  @property({ attribute: false }) story: TrackStory | null = null;
  @property({ attribute: false }) members: Members = [];
  @property() member = "";
  /** Members whose consoles are known. */
  @property({ attribute: false }) peers: readonly string[] = [];
  @property({ type: Number }) nowS = Number.NaN;

  override render(): TemplateResult {
    const { sources, visibleTo } = this.story ?? { sources: null, visibleTo: null };
    return html`
      ${sources === null ? nothing : html`<section><h2>Who contributed</h2>
        ${sources.length === 0 ? html`<p class="empty">The node names nobody.</p>` : html`<table><thead><tr><th>Whose</th><th>Under</th><th class="number">1 σ</th><th class="number">Age</th></tr></thead>
          <tbody>${sources.map((source) => this.source(source))}</tbody></table>`}</section>`}
      ${visibleTo === null ? nothing : html`<section><h2>Who sees it</h2>
        ${visibleTo.length === 0 ? html`<p class="empty">Nobody but ${this.member}: there are no partners.</p>` : html`<table><tbody>${[...visibleTo, ...this.strangers(visibleTo)].map((one) => this.visibility(one))}</tbody></table>`}</section>`}`;
  }

  /** Members that the node has no link with: nothing goes to them. */
  private strangers(told: readonly Visibility[]): Visibility[] {
    const known = new Set([this.member, ...told.map((one) => one.member)]);
    return this.peers.filter((member) => !known.has(member)).map((member) => ({ member, agreement: null, why: `${this.member} has no agreement with it` }));
  }

  private source(source: Source): TemplateResult {
    const own = source.origin === this.member;
    const under = own ? "own sensors" : source.agreements.join(", ") || "no agreement in force";
    return html`<tr class=${source.responsible ? "responsible" : ""}>
      <td>${memberMark(this.members, source.origin)}${source.number === null ? nothing : html`<span class="under">its #${source.number}</span>`}</td>
      <td class="words">${under}${source.responsible ? html`<span class="under">★ reporting responsibility</span>` : nothing}</td>
      <td class="number">${metres(source.sigma_m)}</td>
      <td class="number">${source.last_s === null ? "–" : age(this.nowS - source.last_s)}</td></tr>`;
  }

  private visibility({ member, agreement, why }: Visibility): TemplateResult {
    const sees = why === RELEASED;
    return html`<tr data-member=${member}><td>${memberMark(this.members, member)}</td>
      <td class="words"><span class=${sees ? "sees" : "not"}>${sees ? "✓ sees it" : "✕ does not"}</span>
        <span class="under">${sees ? `under ${agreement ?? "an agreement"}` : `${why}${agreement ? ` (${agreement})` : ""}`}</span></td></tr>`;
  }
}
