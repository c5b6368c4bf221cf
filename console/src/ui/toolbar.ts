/** The map's tools: zoom and fit, measuring, and what is drawn. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { next, TRAIL_MINUTES, VECTOR_MINUTES, type Settings } from "../model/settings.ts";
import { Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { icons } from "./icons.ts";
import { shared } from "./shared.ts";

@customElement("asman-toolbar")
export class Toolbar extends LitElement {
  static override readonly styles = [
    shared,
    css`
      :host { position: absolute; top: 10px; bottom: 10px; left: 10px; pointer-events: none; }
      [role="toolbar"] { display: flex; flex-flow: column wrap; align-content: flex-start; gap: 8px; height: 100%; }
      .group { pointer-events: auto; display: flex; flex-direction: column; border-radius: var(--radius); box-shadow: 0 1px 6px rgb(0 0 0 / 0.35); }
      button { width: 32px; height: 30px; padding: 0; border-radius: 0; margin-top: -1px; border-color: var(--line-strong); }
      button[aria-pressed="true"] { position: relative; z-index: 1; }
      .group button:first-child { border-radius: var(--radius) var(--radius) 0 0; margin-top: 0; }
      .group button:last-child { border-radius: 0 0 var(--radius) var(--radius); }
      .with-value { flex-direction: column; gap: 0; height: 38px; }
      .with-value small { font-size: 9px; font-weight: 650; line-height: 1; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @property({ attribute: false }) zoom: (steps: number) => void = () => {};

  constructor() {
    super();
    this.addController(new Follow(this, ["settings", "tool"]));
  }

  override render(): TemplateResult {
    const w = this.workplace;
    const { vectorMinutes, trailMinutes } = w.settings;
    return html`<div role="toolbar" aria-label="Map" aria-orientation="vertical">
      <div class="group">
        <button title="Nearer (+)" aria-label="Zoom in" @click=${() => this.zoom(1)}>${icons.plus}</button>
        <button title="Further (−)" aria-label="Zoom out" @click=${() => this.zoom(-1)}>${icons.minus}</button>
        <button title="All traffic (Z)" aria-label="Show all traffic" @click=${() => w.fit()}>${icons.fit}</button>
        <button title="Centre on the selected track (C)" aria-label="Centre on the selected track" @click=${() => w.centre()}>${icons.centre}</button>
      </div>
      <div class="group">
        <button title="Measure range and bearing (M)" aria-label="Measure" aria-pressed=${w.measuring}
          @click=${() => w.setMeasuring(!w.measuring)}>${icons.measure}</button>
      </div>
      <div class="group">
        ${this.toggle("labels", "Labels (L)", icons.labels)}
        <button class="with-value" title="Velocity vectors (V)" aria-label="Velocity vectors, ${vectorMinutes} minutes" aria-pressed=${vectorMinutes > 0}
          @click=${() => w.change({ vectorMinutes: next(VECTOR_MINUTES, vectorMinutes) })}>${icons.vector}<small>${minutes(vectorMinutes)}</small></button>
        <button class="with-value" title="History trails (H)" aria-label="History trails, ${trailMinutes} minutes" aria-pressed=${trailMinutes > 0}
          @click=${() => w.change({ trailMinutes: next(TRAIL_MINUTES, trailMinutes) })}>${icons.trail}<small>${minutes(trailMinutes)}</small></button>
        ${this.toggle("sensors", "Sensors (S)", icons.sensor)}
        ${this.toggle("rings", "Range rings (R)", icons.ring)}
        ${this.toggle("graticule", "Graticule (G)", icons.grid)}
      </div>
      <div class="group">
        ${this.toggle("table", "Track table (T)", icons.table)}
        ${this.toggle("dock", "Side panel (D)", icons.dock)}
      </div>
    </div>`;
  }

  private toggle(name: keyof Settings & ("labels" | "sensors" | "rings" | "graticule" | "table" | "dock"), words: string, icon: TemplateResult): TemplateResult {
    const on = this.workplace.settings[name];
    return html`<button title=${words} aria-label=${words} aria-pressed=${on}
      @click=${() => this.workplace.change({ [name]: !on })}>${icon}</button>`;
  }
}

const minutes = (value: number): string => (value === 0 ? "off" : `${value} min`);
