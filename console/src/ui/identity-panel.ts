/** What members hold the selected aircraft to be, side by side, and a person's own word on it. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { age } from "../model/format.ts";
import { CATEGORIES, conflict, IDENTITIES, identityWords, type Identity } from "../model/nouns.ts";
import { decide } from "../state/nouns.ts";
import type { Workplace } from "../state/workplace.ts";
import { wallClockS } from "../worker/protocol.ts";
import { memberMark } from "./member-mark.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

@customElement("asman-identity-panel")
export class IdentityPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      td { vertical-align: top; }
      td.words { white-space: normal; line-height: 1.35; }
      .under { display: block; color: var(--text-muted); font-size: var(--text-s); }
      form { display: flex; flex-wrap: wrap; gap: 5px; margin-top: 7px; }
      form input[type="text"] { flex: 1 1 100%; }
      select, input[type="text"] { min-height: 24px; padding: 0 5px; border: 1px solid var(--line-strong); border-radius: var(--radius); background: var(--surface-0); color: var(--text); }
      label { display: inline-flex; align-items: center; gap: 4px; }
      .note { margin: 4px 0 0; color: var(--text-muted); font-size: var(--text-s); line-height: 1.35; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @property({ attribute: false }) identities: readonly Identity[] = [];
  @property({ type: Number }) track = 0;
  @property({ attribute: false }) told: () => void = () => {};
  @state() private busy = false;

  override render(): TemplateResult {
    const { identities, workplace } = this;
    const own = identities.some((one) => one.origin === workplace.member);
    return html`<section aria-label="Identity as members hold it"><h2>Held to be</h2>
      ${conflict(identities) ? html`<span class="tag warning" role="status">▲ MEMBERS DIFFER</span>` : nothing}
      ${identities.length === 0 ? html`<p class="empty">Pending: nobody has said.</p>` : html`<table><tbody>${identities.map((one) => this.one(one))}</tbody></table>`}
      <form @submit=${this.submit}>
        <select name="value" aria-label="Identity">${IDENTITIES.map((one) => html`<option value=${one}>${identityWords(one)}</option>`)}</select>
        <select name="category" aria-label="Category">${CATEGORIES.map((one) => html`<option value=${one}>${one}</option>`)}</select>
        <label><input type="checkbox" name="share"> partners may have it</label>
        <input type="text" name="criteria" maxlength="400" autocomplete="off" placeholder="On what it rests" aria-label="On what it rests">
        <button type="submit" ?disabled=${this.busy}>Record</button>
        ${own ? html`<button type="button" ?disabled=${this.busy} @click=${() => void this.say({ value: null }, "taken back")}>Take back</button>` : nothing}
      </form>
      ${workplace.federated ? html`<p class="note">It leaves only if you say so, as agreements allow, and to nobody who may not have all that partners gave of this track.</p>` : nothing}</section>`;
  }

  private one(one: Identity): TemplateResult {
    const own = one.origin === this.workplace.member;
    const under = own ? (one.shared ? "shared as agreements allow" : "kept to ourselves") : `under ${one.agreements.join(", ")}`;
    return html`<tr data-identity=${one.origin}><td>${memberMark(this.workplace.members, one.origin)}</td>
      <td class="words"><b>${identityWords(one.value)}</b>${one.category === "unspecified" || !one.category ? nothing : ` · ${one.category}`}${one.criteria ? html` · ${one.criteria}` : nothing}
        <span class="under">${one.human ? "a person's word" : "automatic"}${one.by ? `, ${one.by}` : ""} · ${under} · ${age(wallClockS() - one.at_s)} ago</span></td></tr>`;
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement);
    const value = String(said.get("value"));
    const body = { value, category: String(said.get("category")), criteria: String(said.get("criteria")).trim(), share: said.get("share") !== null };
    void this.say(body, `recorded: ${identityWords(value)}`);
  };

  private async say(body: unknown, done: string): Promise<void> {
    this.busy = true;
    const refusal = await decide(this.track, "identity", body);
    this.busy = false;
    this.workplace.say(refusal ? `Refused: ${refusal}` : `Identity ${done}`);
    this.told();
  }
}
