/** The workplace's head: whose picture this is, of when, and whether it can be trusted. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { grouped, perSecond, utcDate, utcTime } from "../model/format.ts";
import { Every, Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { icons } from "./icons.ts";
import { shared } from "./shared.ts";

/** Reasoning that lags further behind its feed than this is shown as a caution. */
const BEHIND_S = 5;

@customElement("asman-header")
export class Header extends LitElement {
  static override readonly styles = [
    shared,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 18px;
        height: var(--header-height);
        padding: 0 12px;
        border-bottom: 1px solid var(--line);
        background: var(--surface-1);
        white-space: nowrap;
      }
      .brand { display: flex; align-items: center; gap: 9px; font-weight: 650; letter-spacing: 0.16em; font-size: 13px; }
      .brand svg { color: var(--accent); }
      .node { display: flex; flex-direction: column; line-height: 1.25; min-width: 0; }
      .node b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; max-width: 260px; }
      .node span { font-size: var(--text-s); color: var(--text-muted); overflow: hidden; text-overflow: ellipsis; max-width: 300px; }
      .chip {
        padding: 2px 9px;
        border: 1px solid var(--line-strong);
        border-radius: 999px;
        font-size: var(--text-s);
        font-weight: 650;
        letter-spacing: 0.1em;
      }
      .chip.live { border-color: var(--ok); color: var(--ok); }
      .chip.replay { border-color: var(--accent); color: var(--accent); }
      .grow { flex: 1; }
      dl { display: flex; gap: 18px; margin: 0; }
      dl div { display: flex; flex-direction: column-reverse; line-height: 1.2; }
      dt { font-size: 10px; letter-spacing: 0.06em; text-transform: uppercase; color: var(--text-faint); }
      dd { margin: 0; font-weight: 550; font-size: 13px; }
      dd.caution { color: var(--caution); }
      .link { display: flex; align-items: center; gap: 7px; font-size: var(--text-s); font-weight: 550; }
      .link i { width: 9px; height: 9px; border-radius: 50%; background: var(--ok); }
      .link.connecting i, .link.waiting i { border-radius: 0; background: var(--caution); transform: rotate(45deg); }
      .link.refused i { border-radius: 0; background: var(--warning); }
      .clock { text-align: right; line-height: 1.1; }
      .clock b { font-size: var(--text-xl); font-weight: 600; letter-spacing: 0.01em; }
      .clock b small { margin-left: 3px; font-size: 12px; font-weight: 550; color: var(--text-muted); }
      .clock span { display: block; font-size: 10px; color: var(--text-faint); letter-spacing: 0.06em; }
      .actions { display: flex; gap: 2px; }
      .actions button { width: 30px; padding: 0; }
      .actions button.tour { width: auto; margin-right: 6px; padding: 0 9px; }
      @media (max-width: 1250px) { dl { display: none; } }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["hello", "link", "clock", "health", "update", "settings"]));
    this.addController(new Every(this, 250));
  }

  override render(): TemplateResult {
    const { hello, settings } = this.workplace;
    const night = settings.palette === "night";
    return html`<header>
      <div class="brand">${mark} ASMAN</div>
      ${hello ? this.node() : nothing}
      <div class="grow"></div>
      ${this.figures()}
      ${this.link()}
      ${this.clock()}
      <div class="actions">
        <button class="bare" title=${night ? "Day palette (N)" : "Night palette (N)"} aria-label="Switch palette"
          @click=${() => this.workplace.change({ palette: night ? "day" : "night" })}>${night ? icons.day : icons.night}</button>
        ${this.workplace.federated ? html`<button class="tour" title="A guided tour of what this member sees, gives and withholds" @click=${() => this.workplace.tour.begin()}>${icons.tour} Tour</button>` : nothing}
        <button class="bare" title="Keyboard and help (?)" aria-label="Keyboard and help"
          @click=${() => this.dispatchEvent(new CustomEvent("help", { bubbles: true, composed: true }))}>${icons.help}</button>
      </div>
    </header>`;
  }

  private node(): TemplateResult {
    const hello = this.workplace.hello!;
    const names = hello.recording?.names.join(", ") ?? `node of member ${hello.member}`;
    return html`
      <span class="chip ${hello.mode}">${hello.mode === "live" ? "LIVE" : "REPLAY"}</span>
      <div class="node"><b>${hello.node} · ${hello.member}</b><span title=${names}>${names}</span></div>`;
  }

  private figures(): TemplateResult {
    const { update, health, clock } = this.workplace;
    const shown = update && update.shown !== update.total ? `${grouped(update.shown)} / ${grouped(update.total)}` : grouped(update?.total ?? null);
    const behind = clock?.behind_s ?? 0;
    return html`<dl>
      <div><dt>Tracks</dt><dd>${shown}</dd></div>
      <div><dt>Plots / s</dt><dd>${perSecond(health?.plots_per_s ?? null)}</dd></div>
      <div><dt>Rejected</dt><dd>${grouped(health?.rejected ?? null)}</dd></div>
      <div><dt>Dropped</dt><dd class=${health?.dropped ? "caution" : ""}>${grouped(health?.dropped ?? null)}</dd></div>
      <div><dt>Behind</dt><dd class=${behind > BEHIND_S ? "caution" : ""}>${clock ? `${behind.toFixed(1)} s${behind > BEHIND_S ? " ▲" : ""}` : "–"}</dd></div>
    </dl>`;
  }

  private link(): TemplateResult {
    const { link } = this.workplace;
    const words = { connecting: "CONNECTING", open: "LINK UP", waiting: "LINK LOST", refused: "REFUSED" };
    const reason = "reason" in link ? link.reason : "";
    return html`<div class="link ${link.state}" role="status" title=${reason}><i></i>${words[link.state]}</div>`;
  }

  private clock(): TemplateResult {
    const now = this.workplace.nowS;
    return html`<div class="clock" aria-label="Picture time, UTC">
      <b>${utcTime(now)}<small>Z</small></b><span>${Number.isNaN(now) ? "NO PICTURE YET" : utcDate(now)}</span>
    </div>`;
  }
}

/** One sky over many owners: an arc above three points. */
const mark = html`<svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">
  <path d="M2.5 14.5a8.5 8.5 0 0117 0" stroke-linecap="round"/>
  <circle cx="5" cy="18.5" r="1.5" fill="currentColor" stroke="none"/><circle cx="11" cy="18.5" r="1.5" fill="currentColor" stroke="none"/>
  <circle cx="17" cy="18.5" r="1.5" fill="currentColor" stroke="none"/><circle cx="11" cy="11.5" r="1.7" fill="currentColor" stroke="none"/></svg>`;
