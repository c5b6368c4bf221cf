/** Everything about the selected track: who, where, how, how well known, and from which octets. */

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { Flag } from "../model/frame.ts";
import {
  addressHex, age, course, decimalDegrees, dms, feet, flightLevel, grouped, metres, speedKt, squawk, trackNumber, trend, utcTime, verticalRate,
} from "../model/format.ts";
import { wrapLongitude } from "../model/geo.ts";
import { identityWords } from "../model/nouns.ts";
import { Follow } from "../state/follow.ts";
import { trackStory, type TrackStory } from "../state/track-source.ts";
import type { Workplace } from "../state/workplace.ts";
import type { Detail } from "../worker/protocol.ts";
import { icons } from "./icons.ts";
import { panelStyles } from "./panel-styles.ts";
import { shared } from "./shared.ts";
import { sparkline } from "./sparkline.ts";
import { memberMark } from "./member-mark.ts";
import "./identity-panel.ts";
import "./pairing-panel.ts";
import "./sources-panel.ts";
import "./why-panel.ts";

/** What the node knows of a track is asked for this often while it is selected. */
const ASK_EVERY_MS = 2000;
const PLOTS_SHOWN = 8;

@customElement("asman-track-panel")
export class TrackPanel extends LitElement {
  static override readonly styles = [
    shared,
    panelStyles,
    css`
      .title { display: flex; align-items: center; gap: 8px; padding: 10px 12px 8px; }
      .title b { font-size: var(--text-xl); font-weight: 650; line-height: 1.15; }
      .title .spacer { flex: 1; }
      .title button { width: 28px; padding: 0; }
      .states { display: flex; flex-wrap: wrap; gap: 5px; padding: 0 12px 10px; }
      .big { display: grid; grid-template-columns: repeat(3, 1fr); border-block: 1px solid var(--line); }
      .big div { padding: 7px 12px; }
      .big div + div { border-left: 1px solid var(--line); }
      .big b { display: block; font-size: 17px; font-weight: 600; line-height: 1.2; white-space: nowrap; }
      .big span { font-size: 10px; letter-spacing: 0.05em; color: var(--text-muted); text-transform: uppercase; }
      .profiles { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  @state() private story: TrackStory | null = null;
  @state() private failure = "";
  @state() private copied = "";
  private asking: AbortController | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;
  private ends: (() => void)[] = [];

  constructor() {
    super();
    this.addController(new Follow(this, ["detail", "selection", "sensors"]));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.ends = [this.workplace.on("selection", () => this.begin())];
    this.begin();
    this.timer = setInterval(() => void this.ask(), ASK_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
    this.asking?.abort();
    for (const end of this.ends) end();
  }

  private begin(): void {
    this.asking?.abort();
    this.asking = null;
    this.story = null;
    this.failure = "";
    void this.ask();
  }

  private readonly askAgain = (): void => void this.ask();

  private async ask(): Promise<void> {
    const { selected, detail } = this.workplace;
    // Of a track that was dropped the node knows no more than the panel.
    if (detail !== null && detail.track === selected && detail.droppedS !== null) return;
    if (selected === null || this.asking !== null || this.workplace.link.state !== "open") return;
    const asking = new AbortController();
    this.asking = asking;
    try {
      const story = await trackStory(selected, asking.signal);
      if (story.plots.length > 0 || story.sources !== null || this.story === null) this.story = story;
      this.failure = "";
    } catch (error) {
      if (!asking.signal.aborted) this.failure = `Not to be had: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      if (this.asking === asking) this.asking = null;
    }
  }

  override render(): TemplateResult {
    const { detail, selected } = this.workplace;
    if (selected === null) return html`${nothing}`;
    if (detail === null) {
      return html`<div class="title"><b>#${trackNumber(selected)}</b></div><p class="empty">Not in the picture.</p>`;
    }
    return html`
      ${this.head(detail)}
      ${this.figures(detail)}
      ${this.identity(detail)}
      ${this.position(detail)}
      ${this.quality(detail)}
      <asman-sources-panel .story=${this.story} .members=${this.workplace.members} .member=${this.workplace.member} .peers=${this.workplace.hello?.peers?.map((peer) => peer.member) ?? []} .nowS=${detail.timeS}></asman-sources-panel>
      <asman-identity-panel .workplace=${this.workplace} .track=${detail.track} .identities=${this.story?.identities ?? []} .told=${this.askAgain}></asman-identity-panel>
      ${this.workplace.federated ? html`<asman-pairing-panel .workplace=${this.workplace} .track=${detail.track} .sources=${this.story?.sources ?? []} .told=${this.askAgain}></asman-pairing-panel>` : nothing}
      ${this.profiles(detail)}
      <asman-why-panel .track=${detail.track}></asman-why-panel>
      ${this.origins()}`;
  }

  private head(d: Detail): TemplateResult {
    const is = (flag: number): boolean => (d.flags & flag) !== 0;
    return html`
      <div class="title"><b>${d.name}</b><span class="muted">#${trackNumber(d.track)}</span><span class="spacer"></span>
        <button title="Centre on it (C)" aria-label="Centre the map on this track" @click=${() => this.workplace.centre()}>${icons.centre}</button>
        <button title="Close (Esc)" aria-label="Deselect this track" @click=${() => this.workplace.select(null)}>${icons.close}</button>
      </div>
      <div class="states">
        <span class="tag">${this.heldToBe()}</span>
        ${this.workplace.federated && d.origin ? memberMark(this.workplace.members, d.origin) : nothing}
        ${d.droppedS !== null ? html`<span class="tag warning">DROPPED ${utcTime(d.droppedS)}Z</span>` : nothing}
        ${is(Flag.coasting) && d.droppedS === null ? html`<span class="tag caution">COASTING ${age(d.timeS - d.lastPlotS)}</span>` : nothing}
        ${is(Flag.confirmed) ? nothing : html`<span class="tag caution">UNCONFIRMED</span>`}
        ${is(Flag.onGround) ? html`<span class="tag">ON GROUND</span>` : nothing}
        ${is(Flag.simulated) ? html`<span class="tag exercise">SIMULATED</span>` : nothing}
        ${d.filtered ? html`<span class="tag">HIDDEN BY FILTER</span>` : nothing}
      </div>`;
  }

  private figures(d: Detail): TemplateResult {
    const ground = (d.flags & Flag.onGround) !== 0;
    return html`<div class="big">
      <div><b>${ground ? "GND" : html`FL ${flightLevel(d.altitudeM)} ${trend(d.climbMps)}`}</b><span>Level</span></div>
      <div><b>${speedKt(d.speedMps)} kt</b><span>Ground speed</span></div>
      <div><b>${course(d.speedMps < 1 ? null : d.courseDeg)}</b><span>Course, true</span></div>
    </div>`;
  }

  private identity(d: Detail): TemplateResult {
    return section("Identity", html`
      ${this.pair("Callsign", d.callsign || "–", d.callsign)}
      ${this.pair("Address", addressHex(d.address), d.address === null ? "" : addressHex(d.address))}
      ${this.pair("Mode 3/A", squawk(d.mode3a), d.mode3a === null ? "" : squawk(d.mode3a))}
      ${this.pair("Standard identity", this.heldToBe())}`);
  }

  /** What this member's own people said, and nobody else's word in its place. */
  private heldToBe(): string {
    const own = this.story?.identities.find((one) => one.origin === this.workplace.member);
    return own === undefined ? "PENDING" : identityWords(own.value);
  }

  private position(d: Detail): TemplateResult {
    const lon = wrapLongitude(d.lon);
    const degrees = decimalDegrees(d.lat, lon);
    const sexagesimal = `${dms(d.lat, "lat")} ${dms(lon, "lon")}`;
    return section("Position and motion", html`
      ${this.pair("Degrees", degrees, degrees)}
      ${this.pair("DMS", sexagesimal, sexagesimal)}
      ${this.pair("Pressure altitude", html`${feet(d.altitudeM)} <span class="muted">${metres(d.altitudeM)}</span>`)}
      ${this.pair("Vertical rate", html`${verticalRate(d.climbMps)} <span class="muted">ft/min</span>`)}`);
  }

  private quality(d: Detail): TemplateResult {
    const { sensors } = this.workplace;
    const heard = sensors.filter((sensor) => (d.contributors >>> Math.min(31, sensor.index)) & 1);
    return section("Quality and sources", html`
      ${this.pair("Accuracy (1 σ)", metres(d.sigmaM))}
      ${this.pair("Existence", html`<meter min="0" max="1" value=${d.existence} aria-hidden="true"></meter> ${(100 * d.existence).toFixed(0)} %`)}
      ${this.pair("Plots", grouped(d.plots))}
      ${this.pair("Latest plot", html`${utcTime(d.lastPlotS)}Z <span class="muted">${age(d.timeS - d.lastPlotS)} ago</span>`)}
      ${this.pair("Sensors", heard.length === 0 ? "–" : html`<span class="tags">${heard.map((s) => html`<span class="tag" title="${s.kind} of ${s.member}">${s.id}</span>`)}</span>`)}`);
  }

  private profiles(d: Detail): TemplateResult {
    const altitude = d.trail.map(({ timeS, altitudeM }) => ({ timeS, value: altitudeM }));
    const speed = d.trail.map(({ timeS, speedMps }) => ({ timeS, value: speedMps }));
    return section("Profile", html`<div class="profiles">
      ${sparkline("FL", altitude, flightLevel)}${sparkline("Speed kt", speed, speedKt)}</div>`, false);
  }

  private origins(): TemplateResult {
    const rows = this.story?.plots.slice(0, PLOTS_SHOWN) ?? [];
    const words = this.failure || (this.story === null ? "Asking the node …" : "The node holds no plots of it.");
    return section("Latest plots, and where their octets lie", rows.length === 0 ? html`<p class="empty">${words}</p>` : html`
      <table class="plots"><thead><tr><th>Time</th><th>Sensor</th><th>Recording</th><th class="number">Offset</th></tr></thead>
        <tbody>${rows.map((plot) => html`<tr><td>${utcTime(plot.time_s)}</td><td>${plot.sensor}</td>
          <td class="recording" title=${plot.recording ?? "live feed"}>${plot.recording ?? "live"}</td><td class="number">${grouped(plot.offset)}</td></tr>`)}</tbody>
      </table>`, false);
  }

  private pair(words: string, value: unknown, copy = ""): TemplateResult {
    return html`<dt>${words}</dt><dd><span>${value}</span>${copy
      ? html`<button class="copy bare" title="Copy" aria-label="Copy ${words}" @click=${() => this.copy(words, copy)}>${this.copied === words ? "✓" : icons.copy}</button>`
      : nothing}</dd>`;
  }

  private async copy(words: string, text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.copied = words;
      setTimeout(() => {
        this.copied = "";
      }, 1200);
    } catch {
      this.workplace.say("The browser does not let this page copy.");
    }
  }
}

function section(words: string, body: unknown, pairs = true): TemplateResult {
  return html`<section><h2>${words}</h2>${pairs ? html`<dl>${body}</dl>` : body}</section>`;
}
