/** The keyboard map and the symbols, as a dialog. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, query } from "lit/decorators.js";
import { shared } from "./shared.ts";
import { icons } from "./icons.ts";

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ["Picture", [["Space", "Play or pause a replay"], [", .", "Slower, faster"], ["[ ]", "Back, forward 60 s"], ["Z", "Show all traffic"], ["+ −", "Nearer, further"], ["← ↑ → ↓", "Pan (map in focus)"]]],
  ["Tracks", [["J K", "Next, previous track of the table"], ["C", "Centre on the selected track"], ["/", "Filter"], ["Esc", "Deselect, close, clear"], ["M", "Measure range and bearing"]]],
  ["Sharing", [["W", "As the next partner sees it; our own picture again"], ["A", "Agreements"], ["P", "Partners and links"]]],
  ["Shown", [["L", "Labels"], ["V", "Velocity vectors: off, 1 to 15 min"], ["H", "History trails: off, 1 to 10 min"], ["S", "Sensors"], ["R", "Range rings"], ["G", "Graticule"], ["T", "Track table"], ["D", "Side panel"], ["N", "Night or day palette"], ["?", "This page"]]],
];

const FILTERS: readonly (readonly [string, string])[] = [
  ["KZR  4ca1  2104", "callsign contains it; address, Mode 3/A code or number begins with it; several words: all of them"],
  ["fl>300  kt<=150  age>10", "compare level, ground speed, age"],
  ["is:coasting  is:ground  is:primary", "state; primary = heard from no transponder"],
  ["sensor:KANT", "a sensor contributed lately"],
  ["origin:RU", "a member holds reporting responsibility for it"],
  ["is:only-we  is:only-they  is:both", "over another member's picture: who sees it"],
  ["-is:ground", "a minus before a word turns it round"],
];

@customElement("asman-help")
export class Help extends LitElement {
  static override readonly styles = [
    shared,
    css`
      dialog { width: min(1080px, 94vw); max-height: 88vh; padding: 0; border: 1px solid var(--line-strong); border-radius: 6px; background: var(--surface-1); color: var(--text); box-shadow: 0 12px 48px rgb(0 0 0 / 0.5); }
      dialog::backdrop { background: rgb(0 0 0 / 0.5); }
      .head { display: flex; align-items: center; justify-content: space-between; padding: 12px 16px; border-bottom: 1px solid var(--line); }
      .head b { font-size: var(--text-l); }
      .columns { display: grid; grid-template-columns: repeat(4, 1fr); gap: 22px; padding: 14px 16px; }
      .columns h2, .wide h2 { margin-bottom: 8px; }
      dl { display: grid; grid-template-columns: auto 1fr; gap: 5px 10px; margin: 0; align-items: baseline; }
      dt { white-space: nowrap; }
      dd { margin: 0; color: var(--text-muted); }
      .wide { padding: 12px 16px; border-top: 1px solid var(--line); }
      code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: var(--text-s); color: var(--accent); }
      p { margin: 0; color: var(--text-muted); }
    `,
  ];

  @query("dialog") private readonly dialog!: HTMLDialogElement;

  get open(): boolean {
    return this.dialog.open;
  }

  toggle(): void {
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  override render(): TemplateResult {
    return html`<dialog aria-labelledby="help-title">
      <div class="head"><b id="help-title">Keyboard</b>
        <button class="bare" aria-label="Close" @click=${() => this.dialog.close()}>${icons.close}</button></div>
      <div class="columns">${KEYS.map(([words, keys]) => html`<div><h2>${words}</h2><dl>
        ${keys.map(([key, meaning]) => html`<dt>${key.split(" ").map((k) => html`<kbd>${k}</kbd> `)}</dt><dd>${meaning}</dd>`)}</dl></div>`)}
      </div>
      <div class="wide"><h2>Filter</h2><dl>${FILTERS.map(([text, meaning]) => html`<dt><code>${text}</code></dt><dd>${meaning}</dd>`)}</dl></div>
      <div class="wide"><h2>Symbols</h2>
        <p>APP-6 (E), air tracks of standard identity PENDING (dashed frame): this node does not evaluate identity yet. Filled: plots come.
        Hollow, with a dashed vector and C and seconds in the label: coasting, no plot in the last expected scan. Small over a bar: on the ground.
        Dimmer: older. Diamond: radar; triangle: ADS-B; hexagon: multilateration.</p></div>
    </dialog>`;
  }
}
