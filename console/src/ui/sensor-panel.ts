/** Sensors and how they do, counts of what was refused, and sources that nobody has described. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { age, biased, grouped, perSecond } from "../model/format.ts";
import type { Sensor, SensorHealth } from "../model/messages.ts";
import { Every, Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";

/** A sensor that is silent for this many of its periods, and at least ten seconds, is shown as silent. */
const SILENT_PERIODS = 3;

@customElement("asman-sensor-panel")
export class SensorPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      tr.silent td { color: var(--caution); }
      td .kind { display: block; color: var(--text-faint); font-size: var(--text-s); line-height: 1.15; }
      td b { font-weight: 600; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;

  constructor() {
    super();
    this.addController(new Follow(this, ["health", "sensors"]));
    this.addController(new Every(this, 1000));
  }

  override render(): TemplateResult {
    const { sensors, health } = this.workplace;
    const byId = new Map(health?.sensors.map((entry) => [entry.id, entry]));
    return html`
      <section><h2>Sensors</h2>
        ${sensors.length === 0 ? html`<p class="empty">None known yet.</p>` : html`
        <table><thead><tr><th>Sensor</th><th class="number">Seen</th><th class="number">Plots/s</th><th class="number">Plots</th><th class="number">Rejected</th></tr></thead>
          <tbody>${sensors.map((sensor) => this.row(sensor, byId.get(sensor.id)))}</tbody></table>`}
      </section>
      ${this.registration()}
      ${this.unknown()}
      ${this.counts()}`;
  }

  private row(sensor: Sensor, health: SensorHealth | undefined): TemplateResult {
    const seenS = health?.last_seen_s ?? null;
    const since = seenS === null ? null : Math.max(0, this.workplace.nowS - seenS);
    const silent = since !== null && since > Math.max(10, SILENT_PERIODS * (sensor.period_s ?? 4));
    return html`<tr class=${silent ? "silent" : ""}>
      <td><b>${sensor.id}</b> <span class="kind">${sensor.kind} · ${sensor.member}${(health?.simulated ?? 0) > 0 ? " · SIMULATED" : ""}</span></td>
      <td class="number">${silent ? "▲ " : ""}${age(since)}</td>
      <td class="number">${perSecond(health?.plots_per_s ?? null)}</td>
      <td class="number">${grouped(health?.plots ?? null)}</td>
      <td class="number">${grouped(health?.rejected ?? null)}</td></tr>`;
  }

  private registration(): TemplateResult | typeof nothing {
    const known = (this.workplace.health?.sensors ?? []).flatMap((s) => (s.registration && s.registration.used > 0 ? [{ id: s.id, bias: s.registration }] : []));
    if (known.length === 0) return nothing;
    return html`<section><h2>Registration: what sensors add</h2>
      <table><thead><tr><th>Sensor</th><th class="number">Range m</th><th class="number">Azimuth °</th><th class="number">Time s</th></tr></thead>
        <tbody>${known.map(({ id, bias }) => html`<tr><td><b>${id}</b><span class="kind">${grouped(bias.used)} flights · ${grouped(bias.blamed)} unfit${bias.restarts > 0 ? ` · ▲ changed ${bias.restarts}×` : ""}</span></td>
          ${this.bias(bias.range_m, bias.range_sigma_m, 0)}
          ${this.bias(bias.azimuth_deg, bias.azimuth_sigma_deg, 3)}
          ${this.bias(bias.time_s, bias.time_sigma_s, 2)}</tr>`)}</tbody></table>
    </section>`;
  }

  private bias(value: number | null, sigma: number | null, digits: number): TemplateResult {
    const [size, doubt] = biased(value, sigma, digits);
    return html`<td class="number">${size}<span class="kind">${doubt}</span></td>`;
  }

  private unknown(): TemplateResult | typeof nothing {
    const sources = this.workplace.health?.unknown ?? [];
    if (sources.length === 0) return nothing;
    return html`<section><h2>Sources that sensors.toml does not name</h2>
      <table><thead><tr><th>SAC / SIC</th><th>Category</th><th class="number">Records</th></tr></thead>
        <tbody>${sources.map((s) => html`<tr><td>${s.sac} / ${s.sic}</td><td>CAT${String(s.category).padStart(3, "0")}</td><td class="number">${grouped(s.records)}</td></tr>`)}</tbody></table>
    </section>`;
  }

  private counts(): TemplateResult {
    const { health, counters } = this.workplace;
    return html`<section><h2>Counts</h2><dl>
      <dt>Plots per second</dt><dd>${perSecond(health?.plots_per_s ?? null)}</dd>
      <dt>Rejected</dt><dd>${grouped(health?.rejected ?? null)}</dd>
      <dt>Dropped</dt><dd>${grouped(health?.dropped ?? null)}</dd>
      <dt>Link</dt><dd><span>${grouped(counters.connects)} opened · ${grouped(counters.gaps)} gaps · ${grouped(counters.malformed)} malformed</span></dd>
    </dl></section>`;
  }
}
