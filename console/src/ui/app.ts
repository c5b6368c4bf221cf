/** The workplace: where everything stands, and what the keys do. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { classMap } from "lit/directives/class-map.js";
import { openOnes } from "../model/nouns.ts";
import { Follow } from "../state/follow.ts";
import { TABS, type Tab, type Workplace } from "../state/workplace.ts";
import type { ClockBar } from "./clock-bar.ts";
import { keyAction, type KeyActions } from "./keys.ts";
import type { Help } from "./help.ts";
import type { TrackTable } from "./table.ts";
import "./agreements-panel.ts";
import "./alarms.ts";
import "./clock-bar.ts";
import "./confirm.ts";
import "./header.ts";
import "./help.ts";
import "./links-panel.ts";
import "./map.ts";
import "./sensor-panel.ts";
import "./table.ts";
import "./track-panel.ts";
import "./view-bar.ts";
import "./warnings-panel.ts";

const NOTICE_MS = 6000;

@customElement("asman-app")
export class App extends LitElement {
  @property({ attribute: false }) workplace!: Workplace;
  @query("asman-table") private readonly table!: TrackTable | null;
  @query("asman-clock-bar") private readonly clockBar!: ClockBar;
  @query("asman-help") private readonly help!: Help;
  @state() private notice = "";
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.addController(new Follow(this, ["settings", "selection", "hello", "notice", "tab", "sharing", "nouns"]));
  }

  /** No shadow: MapLibre's styles, which are the document's, must reach the map within. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    addEventListener("keydown", this.onKey);
    this.workplace.on("notice", () => this.showNotice());
    // The banner follows the picture's flag, not every picture.
    this.workplace.on("update", () => {
      if (this.workplace.simulated !== this.simulated) this.requestUpdate();
    });
    this.workplace.on("health", () => {
      if (this.workplace.mixed !== this.mixed) this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener("keydown", this.onKey);
  }

  private simulated = false;
  private mixed = false;

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    this.simulated = this.workplace.simulated;
    this.mixed = this.workplace.mixed;
  }

  override render(): TemplateResult {
    const { workplace } = this;
    const { settings } = workplace;
    return html`
      <asman-header .workplace=${workplace} @help=${() => this.help.toggle()}></asman-header>
      <div>
        ${this.simulated ? html`<div class="banner" role="alert">${this.banner()}</div>` : nothing}
        <asman-view-bar .workplace=${workplace}></asman-view-bar>
        <asman-alarms .workplace=${workplace}></asman-alarms>
      </div>
      <main class=${classMap({ dock: settings.dock, table: settings.table })}>
        <asman-map .workplace=${workplace}></asman-map>
        ${settings.table ? html`<asman-table .workplace=${workplace}></asman-table>` : nothing}
        ${settings.dock ? html`<aside aria-label="Selected track, sensors, agreements, partners">
          ${workplace.federated ? this.tabs() : nothing}${this.panel()}</aside>` : nothing}
      </main>
      <asman-clock-bar .workplace=${workplace}></asman-clock-bar>
      <asman-help></asman-help>
      <asman-confirm .workplace=${workplace}></asman-confirm>
      ${this.notice ? html`<div class="toast" role="alert">${this.notice}</div>` : nothing}`;
  }

  private tabs(): TemplateResult {
    const { tab, sharing, nouns } = this.workplace;
    const suspended = sharing.agreements.filter((agreement) => agreement.state === "suspended").length;
    const troubled = sharing.links.filter((link) => link.condition === "down" || link.condition === "quarantined").length;
    const warned = openOnes(nouns.warnings).length;
    const words: Record<Tab, string> = {
      tracks: `Track, sensors${warned > 0 ? ` ▲ ${warned}` : ""}`,
      agreements: `Agreements${suspended > 0 ? ` ❚❚ ${suspended}` : ""}`,
      partners: `Partners${troubled > 0 ? ` ▲ ${troubled}` : ""}`,
    };
    const keys: Record<Tab, string> = { tracks: "", agreements: " (A)", partners: " (P)" };
    return html`<div class="tabs" role="tablist" aria-label="Side panel">${TABS.map((name) => html`<button role="tab" id="tab-${name}"
      aria-selected=${name === tab} title="${words[name]}${keys[name]}" @click=${() => this.workplace.show(name)}>${words[name]}</button>`)}</div>`;
  }

  private panel(): TemplateResult {
    const { workplace } = this;
    const tab = workplace.federated ? workplace.tab : "tracks";
    if (tab === "agreements") return html`<asman-agreements-panel role="tabpanel" aria-labelledby="tab-agreements" .workplace=${workplace}></asman-agreements-panel>`;
    if (tab === "partners") return html`<asman-links-panel role="tabpanel" aria-labelledby="tab-partners" .workplace=${workplace}></asman-links-panel>`;
    return html`${workplace.federated ? html`<asman-warnings-panel .workplace=${workplace}></asman-warnings-panel>` : nothing}
      ${workplace.selected === null ? nothing : html`<asman-track-panel .workplace=${workplace}></asman-track-panel>`}
      <asman-sensor-panel .workplace=${workplace}></asman-sensor-panel>`;
  }

  /** A live track among simulated ones must not pass for one of them, nor the other way round. */
  private banner(): string {
    return this.mixed ? "EXERCISE — SIMULATED AND LIVE TRACKS: SIMULATED CARRY AN S — EXERCISE" : "SIMULATED — EXERCISE — SIMULATED";
  }

  private showNotice(): void {
    this.notice = this.workplace.notice;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => {
      this.notice = "";
    }, NOTICE_MS);
  }

  private readonly actions: KeyActions = {
    togglePlay: () => this.clockBar.toggle(),
    shiftSpeed: (steps) => this.clockBar.shift(steps),
    skip: (seconds) => this.clockBar.skip(seconds),
    help: () => this.help.toggle(),
    filter: () => {
      if (!this.workplace.settings.table) this.workplace.change({ table: true });
      void this.updateComplete.then(() => this.table?.focusFilter());
    },
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = event.composedPath()[0];
    const typing = target instanceof HTMLInputElement && target.type !== "range";
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    // A dialog closes by its own Escape.
    if (this.workplace.question !== null || (this.help.open && event.key !== "?")) return;
    // Space and Enter belong to a control that has the focus.
    if ((event.key === " " || event.key === "Enter") && target instanceof HTMLButtonElement) return;
    if (keyAction(event.key, this.workplace, this.actions)) event.preventDefault();
  };
}
