/** The legend of the map's marks: whose tracks are there. A click shows one member's alone; the eye, what it may see. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { grouped } from "../model/format.ts";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { icons } from "./icons.ts";
import { memberMark } from "./member-mark.ts";
import { shared } from "./shared.ts";

@customElement("asman-members")
export class MembersLegend extends LitElement {
  static override readonly styles = [
    shared,
    css`
      :host { position: absolute; top: 10px; right: 10px; }
      .legend { display: flex; flex-direction: column; gap: 2px; min-width: 150px; padding: 7px 8px; border: 1px solid var(--line-strong); border-radius: var(--radius); background: color-mix(in srgb, var(--surface-1) 92%, transparent); box-shadow: 0 1px 6px rgb(0 0 0 / 0.35); }
      h2 { padding: 0 2px 3px; font-size: 10px; }
      .row { display: flex; gap: 4px; }
      .row button { min-height: 24px; padding: 0 6px; border-color: transparent; background: none; }
      .row .whose { flex: 1; justify-content: flex-start; gap: 7px; }
      .row .whose span.count { flex: 1; text-align: right; font-weight: 600; }
      .row button[aria-pressed="true"] { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 16%, var(--surface-2)); }
      .as { width: 28px; }
      .spacer { width: 28px; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["members", "origins", "filter", "viewed"]));
  }

  override render(): TemplateResult {
    const { workplace } = this;
    if (!workplace.federated) return html`${nothing}`;
    return html`<div class="legend" role="group" aria-label="Members"><h2>Whose tracks</h2>
      ${workplace.members.map((member, k) => this.row(member, workplace.origins[k] ?? 0))}</div>`;
  }

  private row(member: string, count: number): TemplateResult {
    const { workplace } = this;
    const filter = `origin:${member.toLowerCase()}`;
    const alone = workplace.filter === filter;
    const seen = workplace.viewed?.member === member;
    const own = member === workplace.member;
    return html`<div class="row">
      <button class="whose" aria-pressed=${alone} title=${alone ? "Show all" : `Show the tracks of ${member} alone`} aria-label="Tracks of ${member}: ${count}"
        @click=${() => workplace.setFilter(alone ? "" : filter)}>${memberMark(workplace.members, member)}<span class="muted">${own ? "own" : ""}</span><span class="count">${grouped(count)}</span></button>
      ${own ? html`<span class="spacer"></span>` : html`<button class="as" aria-pressed=${seen} title="${seen ? "Back to our picture" : `As ${member} sees it`} (W)" aria-label="As ${member} sees it"
        @click=${() => workplace.viewAs(seen ? null : member)}>${icons.eye}</button>`}</div>`;
  }
}
