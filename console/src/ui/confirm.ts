/** Asks before something is done that partners notice: says what will happen, and waits for a person. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { shared } from "./shared.ts";

const REASON_LIMIT = 300;

@customElement("asman-confirm")
export class Confirm extends LitElement {
  static override readonly styles = [
    shared,
    css`
      dialog { width: min(520px, 92vw); padding: 0; border: 1px solid var(--line-strong); border-top: 4px solid var(--caution); border-radius: 6px; background: var(--surface-1); color: var(--text); box-shadow: 0 12px 48px rgb(0 0 0 / 0.5); }
      dialog::backdrop { background: rgb(0 0 0 / 0.5); }
      form { display: flex; flex-direction: column; gap: 12px; padding: 16px 18px; }
      b { font-size: 16px; }
      ul { display: flex; flex-direction: column; gap: 7px; margin: 0; padding-left: 18px; line-height: 1.45; font-size: 13px; }
      label { display: flex; flex-direction: column; gap: 4px; color: var(--text-muted); }
      input { height: 30px; padding: 0 8px; border: 1px solid var(--line-strong); border-radius: var(--radius); background: var(--surface-0); color: var(--text); }
      .actions { display: flex; justify-content: flex-end; gap: 8px; }
      .actions button { min-height: 32px; padding: 0 14px; font-weight: 600; }
      .do { border-color: var(--caution); background: var(--caution); color: var(--caution-ink); }
      .do:hover:not(:disabled) { background: color-mix(in srgb, var(--caution) 82%, white); }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @query("dialog") private readonly dialog!: HTMLDialogElement;
  @state() private reason = "";

  constructor() {
    super();
    this.addController(new Follow(this, ["question"]));
  }

  protected override updated(): void {
    const { question } = this.workplace;
    if (question && !this.dialog.open) {
      this.reason = "";
      this.dialog.showModal();
    } else if (!question && this.dialog.open) {
      this.dialog.close();
    }
  }

  override render(): TemplateResult {
    const { question } = this.workplace;
    return html`<dialog aria-labelledby="question" @close=${() => this.workplace.ask(null)}>
      ${question === null ? nothing : html`<form @submit=${this.submit}>
        <b id="question">${question.title}</b>
        <ul>${question.words.map((sentence) => html`<li>${sentence}</li>`)}</ul>
        ${question.wantsReason ? html`<label>Reason, for the record and for the partner
          <input maxlength=${REASON_LIMIT} autocomplete="off" .value=${this.reason} @input=${(event: Event) => { this.reason = (event.target as HTMLInputElement).value; }}></label>` : nothing}
        <div class="actions">
          <button type="button" @click=${() => this.workplace.ask(null)}>Cancel</button>
          <button class="do" type="submit">${question.action}</button>
        </div>
      </form>`}</dialog>`;
  }

  private readonly submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const { question } = this.workplace;
    this.workplace.ask(null);
    question?.run(this.reason.trim());
  };
}
