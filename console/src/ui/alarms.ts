/** What must not be missed about partners: a link lost, an agreement suspended, a partner in quarantine. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { alarms, type Alarm } from "../model/sharing.ts";
import { Follow } from "../state/follow.ts";
import { askToLift } from "../state/orders.ts";
import type { Workplace } from "../state/workplace.ts";
import { shared } from "./shared.ts";

@customElement("asman-alarms")
export class Alarms extends LitElement {
  static override readonly styles = [
    shared,
    css`
      .alarm { display: flex; align-items: center; gap: 12px; padding: 5px 14px; font-size: 13px; border-bottom: 1px solid var(--surface-0); }
      .warning { background: var(--warning); color: var(--warning-ink); }
      .caution { background: var(--caution); color: var(--caution-ink); }
      b { letter-spacing: 0.05em; white-space: nowrap; }
      span { flex: 1; min-width: 0; }
      button { min-height: 22px; border-color: currentColor; background: transparent; font-weight: 650; }
      button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 16%, transparent); }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["sharing", "hello"]));
  }

  override render(): TemplateResult {
    const { sharing, member } = this.workplace;
    return html`${alarms(sharing.agreements, sharing.links, member).map((alarm) => this.alarm(alarm))}`;
  }

  private alarm({ severity, head, words, lift, key }: Alarm): TemplateResult {
    const { workplace } = this;
    const tab = key.startsWith("suspended") ? "agreements" : "partners";
    return html`<div class="alarm ${severity}" role="alert" data-alarm=${key}>
      <b>${severity === "warning" ? "▲" : "❚❚"} ${head}</b><span>${words}</span>
      ${lift === null ? nothing : html`<button @click=${() => askToLift(workplace, lift, words)}>Lift …</button>`}
      <button @click=${() => workplace.open(tab)}>Show</button></div>`;
  }
}
