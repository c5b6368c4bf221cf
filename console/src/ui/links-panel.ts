/** The partners of this node: whether they are heard, what goes to them and what not and why, what came and was refused. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { age, grouped } from "../model/format.ts";
import { counted, total, type LinkCondition, type PartnerLink } from "../model/sharing.ts";
import { Every, Follow } from "../state/follow.ts";
import { askToLift } from "../state/orders.ts";
import type { Workplace } from "../state/workplace.ts";
import { wallClockS } from "../worker/protocol.ts";
import { memberMark } from "./member-mark.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

const STATE: Readonly<Record<LinkCondition, { sign: string; words: string; tone: string }>> = {
  up: { sign: "●", words: "UP", tone: "ok" },
  idle: { sign: "❚❚", words: "NOTHING FLOWS", tone: "caution" },
  down: { sign: "▲", words: "LINK LOST", tone: "warning" },
  never: { sign: "○", words: "NOT HEARD YET", tone: "caution" },
  quarantined: { sign: "■", words: "QUARANTINED", tone: "warning" },
};

@customElement("asman-links-panel")
export class LinksPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .head { display: flex; align-items: center; gap: 8px; margin-bottom: 6px; }
      .head b { font-size: var(--text-l); font-weight: 650; }
      .tag.ok { border-color: var(--ok); color: var(--ok); }
      h3 { margin: 9px 0 2px; font-size: var(--text-m); font-weight: 600; }
      td.words { white-space: normal; line-height: 1.35; }
      .why { margin: 6px 0; padding: 7px 9px; border-left: 3px solid var(--warning); background: color-mix(in srgb, var(--warning) 14%, transparent); line-height: 1.4; }
      .why button { display: block; margin-top: 6px; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["sharing", "nouns"]));
    this.addController(new Every(this, 1000));
  }

  override render(): TemplateResult {
    const { sharing } = this.workplace;
    if (sharing.failure) return html`<section><h2>Partners</h2><p class="empty" role="status">Not to be had: ${sharing.failure}</p></section>`;
    const stopped = sharing.problem ? html`<section><div class="why" role="alert">▲ Nothing is released: ${sharing.problem}</div></section>` : nothing;
    if (sharing.links.length === 0) return html`<section><h2>Partners</h2><p class="empty">${sharing.known ? "No links." : "Asking the node …"}</p></section>`;
    return html`${stopped}${sharing.links.map((link) => this.link(link))}`;
  }

  private link(link: PartnerLink): TemplateResult {
    const { members, member } = this.workplace;
    const { sign, words, tone } = STATE[link.condition];
    return html`<section data-partner=${link.partner}>
      <div class="head">${memberMark(members, link.partner)}<b>${link.partner}</b><span class="tag ${tone}"><span aria-hidden="true">${sign}</span> ${words}</span><span class="muted">${link.words}</span></div>
      ${link.problem ? html`<div class="why" role="status">${link.problem}</div>` : nothing}
      ${link.quarantine ? html`<div class="why" role="status">${link.quarantine}
        <button ?disabled=${this.workplace.sharing.busy === link.partner} @click=${() => askToLift(this.workplace, link.partner, link.quarantine)}>Lift the quarantine …</button></div>` : nothing}
      <dl>
        <dt>Under</dt><dd><span>${link.agreements.length > 0 ? link.agreements.join(", ") : "no agreement in force"}</span></dd>
        <dt>Last heard</dt><dd><span>${ago(link.last_heard_s)}${link.delay_s === null ? nothing : html` <span class="muted">· ${(1000 * link.delay_s).toFixed(0)} ms on its way</span>`}</span></dd>
        <dt>Sent</dt><dd><span>${grouped(link.sent.rows)} rows in ${grouped(link.sent.batches)} batches <span class="muted">${octets(link.sent.octets)}</span></span></dd>
        <dt>Received</dt><dd><span>${grouped(link.received.rows)} rows in ${grouped(link.received.batches)} batches <span class="muted">${octets(link.received.octets)}</span></span></dd>
        ${link.waiting > 0 ? html`<dt>Waiting</dt><dd><span>${grouped(link.waiting)} batches not yet fetched</span></dd>` : nothing}
        ${link.purged > 0 ? html`<dt>Taken back</dt><dd><span>${grouped(link.purged)} batches, by a suspension or an end</span></dd>` : nothing}
        ${link.missing > 0 ? html`<dt>Missing</dt><dd><span>▲ ${grouped(link.missing)} batches that it says are gone</span></dd>` : nothing}
        ${link.dropped > 0 ? html`<dt>Dropped</dt><dd><span>▲ ${grouped(link.dropped)} batches that ${link.partner} did not fetch in time</span></dd>` : nothing}
      </dl>
      <h3>What ${member} gave it and what not, rows since the node's start</h3>
      <table><tbody>
        <tr><td class="words">✓ released</td><td class="number">${grouped(link.sent.rows)}</td></tr>
        ${counted(link.withheld).map(([reason, rows]) => html`<tr><td class="words">✕ ${reason}</td><td class="number">${grouped(rows)}</td></tr>`)}
      </tbody></table>
      ${this.beside(link.partner)}
      ${total(link.rejected) === 0 ? nothing : html`<h3>What it sent and was not taken</h3>
        <table><tbody>${counted(link.rejected).map(([reason, count]) => html`<tr><td class="words">${reason}</td><td class="number">${grouped(count)}</td></tr>`)}</tbody></table>`}
    </section>`;
  }

  /** What it gave beside tracks, and how its sensors do by its own word. */
  private beside(partner: string): TemplateResult | typeof nothing {
    const { nouns } = this.workplace;
    const found = nouns.partners.find((one) => one.member === partner);
    const held = Object.entries(found?.held ?? {}).filter(([, rows]) => rows > 0);
    if (held.length === 0) return nothing;
    const sensors = nouns.sensors.get(partner) ?? [];
    return html`<h3>What it gave beside tracks, as kept here</h3>
      <div class="tags">${held.map(([what, rows]) => html`<span class="tag" data-class=${what}>${what} ${grouped(rows)}</span>`)}</div>
      ${sensors.length === 0 ? nothing : html`<table><thead><tr><th>Its sensor</th><th>Kind</th><th>State</th><th class="number">Plots/s</th><th class="number">Said</th></tr></thead>
        <tbody>${sensors.map((one) => html`<tr><td>${one.sensor}</td><td>${one.kind}</td><td>${one.state === "ok" ? "✓ ok" : `▲ ${one.state}`}</td>
          <td class="number">${one.plots_per_s === null ? "–" : one.plots_per_s.toFixed(1)}</td><td class="number">${ago(one.last_s)}</td></tr>`)}</tbody></table>`}`;
  }
}

function octets(count: number): string {
  return count < 10_000 ? `${grouped(count)} octets` : count < 10_000_000 ? `${(count / 1000).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

const ago = (timeS: number | null): string => (timeS === null ? "never" : `${age(wallClockS() - timeS)} ago`);
