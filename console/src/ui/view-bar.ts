/** Says, as long as it is so, that the map is not this member's own picture but what another member may see of it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { grouped } from "../model/format.ts";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { shared } from "./shared.ts";

@customElement("asman-view-bar")
export class ViewBar extends LitElement {
  static override readonly styles = [
    shared,
    css`
      .bar { display: flex; align-items: center; gap: 14px; padding: 6px 14px; color: var(--view-as-ink); border-block: 3px dashed color-mix(in srgb, var(--view-as) 55%, black); background: var(--view-as); font-size: 13px; }
      b { font-size: 14px; letter-spacing: 0.08em; white-space: nowrap; }
      .grow { flex: 1; }
      .counts { display: flex; gap: 6px; }
      button { min-height: 24px; border-color: currentColor; background: transparent; color: inherit; font-weight: 650; }
      button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 16%, transparent); }
      .counts button[aria-pressed="true"] { background: var(--view-as-ink); border-color: var(--view-as-ink); color: var(--view-as); }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["viewed", "filter", "hello"]));
  }

  override render(): TemplateResult {
    const { viewed, member } = this.workplace;
    if (viewed === null) return html`${nothing}`;
    return html`<div class="bar" role="alert">
      <b>◐ AS ${viewed.member} SEES IT — NOT ${member}'S PICTURE</b>
      <span class="grow">${this.words()}</span>
      ${viewed.seen === null ? nothing : html`<span class="counts" role="group" aria-label="Show only">
        ${this.choice("is:both", `● they ${grouped(viewed.seen.both + viewed.seen.theirs)}`, `What ${viewed.member} sees: ${viewed.seen.both} that ${member} gives it, ${viewed.seen.theirs} of its own that it gives ${member}`)}
        ${this.choice("is:only-we", `○ only we ${grouped(viewed.seen.onlyWe)}`, `What ${viewed.member} does not see: faint and hollow; select one to read why`)}
        ${viewed.seen.onlyThey === 0 ? nothing : this.choice("is:only-they", `◆ only they ${grouped(viewed.seen.onlyThey)}`, "What is in their view but not, or not there, in ours: delayed or coarsened")}
      </span>`}
      <button @click=${() => this.workplace.viewAs(null)}>Back to ${member}'s picture (W)</button></div>`;
  }

  private words(): string {
    const viewed = this.workplace.viewed!;
    if (viewed.failure) return `Not to be had: ${viewed.failure}`;
    if (viewed.reason) return `Nothing: ${viewed.reason}`;
    return viewed.seen === null ? "Asking the node …" : "Faint and hollow: only we see it.";
  }

  private choice(filter: string, words: string, title: string): TemplateResult {
    const on = this.workplace.filter === filter;
    return html`<button title=${title} aria-pressed=${on} @click=${() => this.workplace.setFilter(on ? "" : filter)}>${words}</button>`;
  }
}
