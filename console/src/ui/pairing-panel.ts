/** What a person decides of the selected track: one aircraft with another track or not, and who reports it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { trackNumber } from "../model/format.ts";
import { readTrack } from "../model/nouns.ts";
import { decide } from "../state/nouns.ts";
import type { Source } from "../state/track-source.ts";
import type { Workplace } from "../state/workplace.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

@customElement("asman-pairing-panel")
export class PairingPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .row { display: flex; flex-wrap: wrap; gap: 5px; margin-top: 5px; }
      input { width: 110px; min-height: 24px; padding: 0 5px; border: 1px solid var(--line-strong); border-radius: var(--radius); background: var(--surface-0); color: var(--text); }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @property({ attribute: false }) sources: readonly Source[] = [];
  @property({ type: Number }) track = 0;
  @property({ attribute: false }) told: () => void = () => {};
  @state() private other = "";
  @state() private busy = false;

  override render(): TemplateResult {
    const { sources, workplace, busy } = this;
    const number = readTrack(this.other);
    const none = busy || number === null || number === this.track;
    const others = sources.filter((one) => one.origin !== workplace.member && one.number !== null);
    const takers = sources.length < 2 ? [] : sources.filter((one) => !one.responsible);
    return html`<section aria-label="One aircraft or two, and who reports it"><h2>Decide</h2>
      ${others.map((one) => html`<div class="row"><button ?disabled=${busy} title="${one.origin}'s track is another aircraft" @click=${() => void this.act("unpair", one.number!, `${one.origin}'s track is another aircraft`)}>Part from ${one.origin}'s #${one.number}</button></div>`)}
      <div class="row"><input aria-label="Other track" placeholder="other track #" .value=${this.other} @input=${(event: Event) => { this.other = (event.target as HTMLInputElement).value; }}>
        <button ?disabled=${none} @click=${() => void this.act("pair", number!, `one aircraft with #${trackNumber(number!)}`)}>Pair</button>
        <button ?disabled=${none} @click=${() => void this.act("unpair", number!, `not one aircraft with #${trackNumber(number!)}`)}>Part</button>
        <button ?disabled=${none} title="Take back what was said of the two" @click=${() => void this.act("automatic", number!, "the node decides of the two again")}>Automatic</button></div>
      ${takers.length === 0 ? nothing : html`<div class="row">${takers.map((one) => html`<button ?disabled=${busy} title="${one.origin} reports this track, as long as it is heard" @click=${() => void this.handOver(one.origin)}>★ ${one.origin} reports it</button>`)}
        ${takers.filter((one) => one.origin !== workplace.member).map((one) => html`<button ?disabled=${busy} title="Ask ${one.origin}'s people to report it in both pictures" @click=${() => void this.propose(one.origin)}>Propose to ${one.origin} …</button>`)}
        <button ?disabled=${busy} title="The best reporter holds it again" @click=${() => void this.handOver("")}>★ Automatic</button></div>`}</section>`;
  }

  private async act(what: "pair" | "unpair" | "automatic", other: number, words: string): Promise<void> {
    this.busy = true;
    const refusal = await decide(this.track, what, { with: other });
    this.busy = false;
    // What was typed meanwhile stays.
    if (!refusal && readTrack(this.other) === other) this.other = "";
    this.workplace.say(refusal ? `Refused: ${refusal}` : `Recorded: ${words}`);
    this.told();
  }

  private propose(to: string): void {
    this.workplace.ask({
      title: `Propose to ${to} that it reports #${trackNumber(this.track)}?`,
      words: [`${to}'s people see the proposal, if an agreement gives them tasks, and accept or reject it within two minutes.`, "If they accept, it reports the track in both pictures. If nobody answers, who reports it stays."],
      action: `Propose to ${to}`,
      wantsReason: true,
      run: (reason) => void decide(this.track, "propose", { to, reason }).then((refusal) => this.workplace.say(refusal ? `Refused: ${refusal}` : `Proposed to ${to}`)),
    });
  }

  private async handOver(to: string): Promise<void> {
    this.busy = true;
    const refusal = await decide(this.track, "handover", { to });
    this.busy = false;
    this.workplace.say(refusal ? `Refused: ${refusal}` : to ? `${to} reports it` : "Who reports it is decided by the node again");
    this.told();
  }
}
