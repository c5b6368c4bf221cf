/** The agreements of this member: what holds, until when, who gets what in plain words; suspending and resuming. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { daysLeft, expiringSoon, listed, type Agreement, type AgreementState } from "../model/sharing.ts";
import { Every, Follow } from "../state/follow.ts";
import { askToResume, askToSuspend } from "../state/orders.ts";
import type { Workplace } from "../state/workplace.ts";
import { wallClockS } from "../worker/protocol.ts";
import { memberMark } from "./member-mark.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

/** Each state with a sign of its own beside its word and colour. */
const STATE: Readonly<Record<AgreementState, { sign: string; tone: string }>> = {
  draft: { sign: "◇", tone: "" },
  ratified: { sign: "◆", tone: "" },
  active: { sign: "✓", tone: "ok" },
  suspended: { sign: "❚❚", tone: "caution" },
  expired: { sign: "✕", tone: "" },
};

@customElement("asman-agreements-panel")
export class AgreementsPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .head { display: flex; align-items: baseline; gap: 8px; }
      .head b { font-size: var(--text-l); font-weight: 650; }
      .tag.ok { border-color: var(--ok); color: var(--ok); }
      .title { margin: 1px 0 6px; color: var(--text-muted); }
      .tags { margin-bottom: 7px; }
      h3 { display: flex; align-items: center; gap: 6px; margin: 8px 0 3px; font-size: var(--text-m); font-weight: 600; }
      ul { margin: 0; padding-left: 17px; line-height: 1.4; }
      li + li { margin-top: 4px; }
      .actions { display: flex; gap: 8px; margin-top: 9px; }
      .hash { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: 10px; color: var(--text-faint); overflow-wrap: anywhere; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["sharing", "hello"]));
    this.addController(new Every(this, 10_000));
  }

  override render(): TemplateResult {
    const { sharing } = this.workplace;
    if (sharing.failure) return html`<section><h2>Agreements</h2><p class="empty" role="status">Not to be had: ${sharing.failure}</p></section>`;
    if (!sharing.known) return html`<section><h2>Agreements</h2><p class="empty">Asking the node …</p></section>`;
    if (sharing.agreements.length === 0) {
      return html`<section><h2>Agreements</h2><p class="empty">None. Nothing leaves this node, and nothing is taken from others.</p></section>`;
    }
    return html`${sharing.agreements.map((agreement) => this.agreement(agreement))}`;
  }

  private agreement(agreement: Agreement): TemplateResult {
    const { member, members } = this.workplace;
    const { sign, tone } = STATE[agreement.state];
    const nowS = wallClockS();
    const days = daysLeft(agreement, nowS);
    return html`<section data-agreement=${agreement.id}>
      <div class="head"><b>${agreement.id}</b><span class="tag ${tone}"><span aria-hidden="true">${sign}</span> ${agreement.state.toUpperCase()}</span></div>
      <p class="title">${agreement.title}</p>
      <div class="tags">
        ${agreement.suspended_by.length > 0 ? html`<span class="tag caution">SUSPENDED BY ${listed(agreement.suspended_by)}</span>` : nothing}
        ${agreement.unsigned.length > 0 ? html`<span class="tag caution">NOT SIGNED BY ${listed(agreement.unsigned)}</span>` : nothing}
        ${expiringSoon(agreement, nowS) ? html`<span class="tag caution">▲ ENDS IN ${days} ${days === 1 ? "DAY" : "DAYS"}</span>` : nothing}
        ${agreement.illustrative ? html`<span class="tag" title=${agreement.illustrative}>TERMS ILLUSTRATIVE</span>` : nothing}
      </div>
      <dl><dt>Parties</dt><dd><span class="tags">${agreement.parties.map((party) => memberMark(members, party))}</span></dd>
        <dt>From, until</dt><dd><span>${agreement.from} – ${agreement.to}</span></dd>
        ${agreement.reason ? html`<dt>Said last</dt><dd><span>“${agreement.reason}”</span></dd>` : nothing}</dl>
      ${agreement.gives.length === 0 ? nothing : html`<h3>${memberMark(members, member)} gives</h3>
        <ul>${agreement.gives.map((grant) => html`<li>${grant.words}</li>`)}</ul>`}
      ${agreement.gets.length === 0 ? nothing : html`<h3>${memberMark(members, member)} gets</h3>
        <ul>${agreement.gets.map((grant) => html`<li>${grant.words}</li>`)}</ul>`}
      ${this.actions(agreement)}
      <div class="hash" title="The hash that the parties signed">${agreement.hash}</div>
    </section>`;
  }

  private actions(agreement: Agreement): TemplateResult | typeof nothing {
    const { workplace } = this;
    const busy = workplace.sharing.busy === agreement.id;
    if (agreement.state === "active") {
      return html`<div class="actions"><button ?disabled=${busy} @click=${() => askToSuspend(workplace, agreement)}>❚❚ Suspend …</button></div>`;
    }
    if (agreement.state !== "suspended") return nothing;
    // One's own suspension can be lifted; another party's is that party's; one's own may be added to it.
    if (!agreement.suspended_by.includes(workplace.member)) {
      return html`<div class="actions"><button ?disabled=${busy} @click=${() => askToSuspend(workplace, agreement)}>❚❚ Suspend as well …</button></div>`;
    }
    return html`<div class="actions"><button ?disabled=${busy} @click=${() => askToResume(workplace, agreement)}>▶ Resume …</button></div>`;
  }
}
