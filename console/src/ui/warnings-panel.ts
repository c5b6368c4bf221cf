/** Warnings of this node and of its partners, and what members propose to each other: whose each is, about which track. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { age, trackNumber } from "../model/format.ts";
import { inOrder, type Task, type Warning } from "../model/nouns.ts";
import { Every, Follow } from "../state/follow.ts";
import { reply } from "../state/nouns.ts";
import type { Workplace } from "../state/workplace.ts";
import { wallClockS } from "../worker/protocol.ts";
import { memberMark } from "./member-mark.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

/** Below them comes the selected track. */
const SHOWN = 5;

@customElement("asman-warnings-panel")
export class WarningsPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .one { display: flex; align-items: baseline; gap: 7px; padding: 4px 0; border-top: 1px solid var(--line); }
      .one .words { flex: 1; min-width: 0; line-height: 1.35; }
      .one b { font-weight: 650; }
      .under { display: block; color: var(--text-muted); font-size: var(--text-s); }
      .closed { opacity: 0.6; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["nouns", "members"]));
    this.addController(new Every(this, 1000));
  }

  override render(): TemplateResult {
    const { warnings, tasks, failure } = this.workplace.nouns;
    if (failure) return html`<section><h2>Warnings</h2><p class="empty" role="status">Not to be had: ${failure}</p></section>`;
    return html`${this.proposals(tasks)}${this.warnings(warnings)}`;
  }

  private proposals(tasks: readonly Task[]): TemplateResult | typeof nothing {
    if (tasks.length === 0) return nothing;
    const { workplace } = this;
    return html`<section aria-label="Proposals"><h2>Proposals</h2>${tasks.slice(0, SHOWN).map((one) => html`<div class="one" data-task="${one.origin} ${one.number}">
      ${memberMark(workplace.members, one.origin)}
      <span class="words"><b>${one.to} to report</b> ${one.track === null ? "a track that is not in this picture" : html`<button @click=${() => this.show(one.track!)}>#${trackNumber(one.track)}</button>`}
        <span class="tag ${one.state === "open" ? "caution" : ""}">${one.state.toUpperCase()}</span> ${one.reason}
        <span class="under">${age(wallClockS() - one.at_s)} ago${one.state === "open" && one.deadline_s !== null ? ` · ${age(Math.max(one.deadline_s - wallClockS(), 0))} left` : ""}</span></span>
      ${one.state === "open" && one.to === workplace.member && one.track !== null ? html`
        <button @click=${() => void this.answer(one, "accept")}>Accept</button><button @click=${() => void this.answer(one, "reject")}>Reject</button>` : nothing}</div>`)}</section>`;
  }

  private async answer(one: Task, verb: "accept" | "reject"): Promise<void> {
    const refusal = await reply(one.origin, one.number, verb);
    this.workplace.say(refusal ? `Refused: ${refusal}` : `${one.origin} is told: ${verb}ed`);
  }

  private show(track: number): void {
    this.workplace.select(track);
    this.workplace.centre();
  }

  private warnings(warnings: readonly Warning[]): TemplateResult | typeof nothing {
    if (warnings.length === 0) return nothing;
    const shown = inOrder(warnings).slice(0, SHOWN);
    const more = warnings.length - shown.length;
    return html`<section aria-label="Warnings"><h2>Warnings</h2>${shown.map((one) => this.one(one))}
      ${more > 0 ? html`<p class="empty">and ${more} more</p>` : nothing}</section>`;
  }

  private one(one: Warning): TemplateResult {
    const { workplace } = this;
    const own = one.origin === workplace.member;
    const tone = one.state === "closed" ? "" : one.severity === "WARNING" ? "warning" : "caution";
    const { track } = one;
    return html`<div class="one ${one.state === "closed" ? "closed" : ""}" data-warning="${one.origin} ${one.number}">
      ${memberMark(workplace.members, one.origin)}
      <span class="words"><span class="tag ${tone}">${one.severity === "WARNING" ? "▲" : "△"} ${one.state === "closed" ? "CLOSED" : one.severity}</span> <b>${one.code}</b> ${one.text}
        <span class="under">from ${own ? `${one.origin}, this node` : `${one.origin}, under ${one.agreements.join(", ")}`} · for ${age(wallClockS() - one.began_s)}${one.simulated ? " · simulated" : ""}</span></span>
      ${track === null ? nothing : html`<button title="Select the track" @click=${() => this.show(track)}>#${trackNumber(track)}</button>`}</div>`;
  }
}
