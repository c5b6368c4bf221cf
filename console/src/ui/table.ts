/** The track table: only the rows that can be seen are in the page; the worker sorts, filters and writes them. */

import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { grouped } from "../model/format.ts";
import { COLUMNS, type Column } from "../model/order.ts";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import type { Row } from "../worker/protocol.ts";
import { icons } from "./icons.ts";
import { memberMark } from "./member-mark.ts";
import { shared } from "./shared.ts";

const ROW_PX = 24;
const HEAD: Readonly<Record<Column, { words: string; title: string; number: boolean }>> = {
  track: { words: "Number", title: "Track number", number: true },
  callsign: { words: "Callsign", title: "Aircraft identification", number: false },
  address: { words: "Address", title: "ICAO 24-bit address", number: false },
  mode3a: { words: "3/A", title: "Mode 3/A code, octal", number: false },
  level: { words: "FL", title: "Flight level (pressure altitude)", number: true },
  speed: { words: "GS kt", title: "Ground speed, knots", number: true },
  course: { words: "Course", title: "Course over ground, true", number: true },
  climb: { words: "ft/min", title: "Vertical rate", number: true },
  age: { words: "Age", title: "Since the latest plot; C = coasting", number: true },
  origin: { words: "Origin", title: "Member that holds reporting responsibility", number: false },
  sensors: { words: "Sensors", title: "Sensors that contributed lately", number: false },
};

@customElement("asman-table")
export class TrackTable extends LitElement {
  static override readonly styles = [
    shared,
    css`
      :host { display: flex; flex-direction: column; min-height: 0; background: var(--surface-1); border-top: 1px solid var(--line); }
      .bar { display: flex; align-items: center; gap: 10px; padding: 5px 10px; border-bottom: 1px solid var(--line); }
      .search { display: flex; align-items: center; gap: 6px; flex: 0 1 380px; padding: 0 8px; border: 1px solid var(--line-strong);
        border-radius: var(--radius); background: var(--surface-0); color: var(--text-muted); }
      .search:focus-within { outline: 2px solid var(--focus); outline-offset: 0; }
      .search input { flex: 1; min-width: 0; height: 25px; border: 0; background: none; outline: none; color: var(--text); }
      .search input::placeholder { color: var(--text-faint); }
      .filtering .search { border-color: var(--caution); }
      .count { color: var(--text-muted); }
      .grid { flex: 1; min-height: 0; overflow: auto; position: relative; }
      .head, .row { display: grid; grid-template-columns: 68px 104px 82px 56px 74px 62px 66px 76px 78px 76px minmax(110px, 1fr); min-width: 852px; }
      .head { position: sticky; top: 0; z-index: 2; background: var(--surface-2); border-bottom: 1px solid var(--line-strong); }
      .head button { justify-content: flex-start; gap: 3px; min-height: 24px; padding: 0 8px; border: 0; border-radius: 0; background: none;
        font-size: var(--text-s); font-weight: 600; color: var(--text-muted); }
      .head > [aria-sort="ascending"] button, .head > [aria-sort="descending"] button { color: var(--text); }
      .head .number button { width: 100%; justify-content: flex-end; }
      .body { position: relative; min-width: 852px; }
      .row { position: absolute; left: 0; right: 0; height: ${ROW_PX}px; align-items: center; border-bottom: 1px solid color-mix(in srgb, var(--line) 55%, transparent); cursor: default; }
      .row:hover { background: var(--surface-hover); }
      .row.selected { background: var(--selected); box-shadow: inset 3px 0 var(--accent); }
      .row > span { padding: 0 8px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .row > span:nth-child(2) { font-weight: 600; }
      .row.coasting { color: var(--text-muted); font-style: italic; }
      .row > span:last-child { color: var(--text-muted); }
      .row.only-we, .row.only-they { color: var(--text-muted); }
      .none { position: sticky; left: 0; padding: 18px; color: var(--text-muted); }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @query(".grid") private readonly grid!: HTMLElement;
  @query("input") private readonly input!: HTMLInputElement;
  @state() private height = 0;
  private readonly resizing = new ResizeObserver(() => this.resized());
  private asked = { first: -1, count: -1 };
  /** Scroll to the selected row when it is known where it is. */
  private reveal = false;

  constructor() {
    super();
    this.addController(new Follow(this, ["rows", "filter", "order", "selection"]));
  }

  focusFilter(): void {
    this.input.focus();
    this.input.select();
  }

  protected override firstUpdated(): void {
    this.resizing.observe(this.grid);
    this.workplace.on("selection", () => {
      this.reveal = true;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.resizing.disconnect();
  }

  private resized(): void {
    this.height = this.grid.clientHeight;
    this.ask();
  }

  /** Ask the worker for the rows that can be seen. */
  private ask(): void {
    const first = Math.max(0, Math.floor(this.grid.scrollTop / ROW_PX) - 2);
    const count = Math.ceil(this.height / ROW_PX) + 4;
    if (first === this.asked.first && count === this.asked.count) return;
    this.asked = { first, count };
    this.workplace.setWindow(first, count);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const { selected } = this.workplace.rows;
    if (this.reveal && selected >= 0) {
      this.reveal = false;
      this.bringIntoView(selected);
    }
  }

  private bringIntoView(place: number): void {
    const top = place * ROW_PX;
    const usable = this.height - 26;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top + ROW_PX > this.grid.scrollTop + usable) this.grid.scrollTop = top + ROW_PX - usable;
  }

  override render(): TemplateResult {
    const { rows, filter, update } = this.workplace;
    const total = update?.total ?? 0;
    return html`
      <div class="bar ${filter ? "filtering" : ""}">
        <h2 id="title">Tracks</h2>
        <label class="search">${icons.search}
          <input type="search" .value=${filter} spellcheck="false" autocomplete="off" aria-label="Filter tracks on table and map"
            placeholder="Filter: callsign, address, squawk, number, fl&gt;300, kt&lt;200, is:coasting"
            @input=${(event: Event) => this.workplace.setFilter((event.target as HTMLInputElement).value)}
            @keydown=${this.filterKey}>
        </label>
        <span class="count" role="status">${filter ? `${grouped(rows.total)} of ${grouped(total)}` : grouped(rows.total)}</span>
      </div>
      <div class="grid" role="grid" tabindex="0" aria-labelledby="title" aria-rowcount=${rows.total + 1} aria-colcount=${COLUMNS.length}
        @scroll=${this.ask} @keydown=${this.gridKey}>
        <div class="head" role="row" aria-rowindex="1">${COLUMNS.map((column) => this.headCell(column))}</div>
        <div class="body" role="rowgroup" style="height:${rows.total * ROW_PX}px">
          ${rows.rows.map((row, k) => this.row(row, rows.first + k))}
        </div>
        ${rows.total === 0 ? html`<div class="none">${total > 0 ? "No track passes the filter." : "No tracks."}</div>` : ""}
      </div>`;
  }

  private headCell(column: Column): TemplateResult {
    const { order } = this.workplace;
    const { words, title, number } = HEAD[column];
    const sorted = order.column === column;
    return html`<div role="columnheader" class=${number ? "number" : ""} aria-sort=${sorted ? (order.descending ? "descending" : "ascending") : "none"}>
      <button title=${title} @click=${() => this.workplace.setOrder({ column, descending: sorted && !order.descending })}>
        ${words}<span aria-hidden="true">${sorted ? (order.descending ? "▾" : "▴") : ""}</span>
      </button></div>`;
  }

  private row(row: Row, place: number): TemplateResult {
    const selected = row.track === this.workplace.selected;
    return html`<div role="row" class=${classMap({ row: true, selected, coasting: row.coasting, [row.seen]: true })} style="top:${place * ROW_PX}px"
      aria-rowindex=${place + 2} aria-selected=${selected} data-track=${row.track}
      @click=${() => this.workplace.select(row.track)} @dblclick=${() => this.workplace.centre()}>
      ${row.cells.map((cell, k) => html`<span role="gridcell" class=${HEAD[COLUMNS[k]!].number ? "number" : ""}>${this.cell(row, COLUMNS[k]!, cell)}</span>`)}
    </div>`;
  }

  /** Whose it is, as on the map; of another member's picture, who sees it. */
  private cell(row: Row, column: Column, cell: string): unknown {
    if (column === "track" && row.seen !== "both") return html`<span title=${row.seen === "only-we" ? "only we see it" : "only they see it"}>${row.seen === "only-we" ? "○" : "◆"} ${cell}</span>`;
    return column === "origin" && row.mark >= 0 && this.workplace.federated ? memberMark(this.workplace.members, cell) : cell;
  }

  private readonly filterKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.workplace.filter) this.workplace.setFilter("");
      else this.input.blur();
    } else if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      this.grid.focus();
      this.workplace.step(1);
    }
  };

  private readonly gridKey = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(this.height / ROW_PX) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.workplace.step(step);
    } else if (event.key === "Enter") {
      this.workplace.centre();
    }
  };
}
