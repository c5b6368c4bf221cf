/** The map with its tools: holds the stage, and brings what the worker says to it. */

import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { decimalDegrees, dms, utcDate, utcTime, duration } from "../model/format.ts";
import { wrapLongitude } from "../model/geo.ts";
import { metresPerPixel, zoomOf } from "../model/view.ts";
import { boundsOfSensors, boundsOfTracks } from "../map/bounds.ts";
import { Stage } from "../map/stage.ts";
import { Every, Follow } from "../state/follow.ts";
import { parseHash } from "../model/hash.ts";
import { wallClockS } from "../worker/protocol.ts";
import type { Workplace } from "../state/workplace.ts";
import "./members.ts";
import "./toolbar.ts";
import "./tour.ts";

@customElement("asman-map")
export class MapElement extends LitElement {
  @property({ attribute: false }) workplace!: Workplace;
  @query(".stage") private readonly container!: HTMLElement;
  private stage: Stage | null = null;
  private failure = "";
  private placed = false;
  private centring = false;
  private ends: (() => void)[] = [];

  constructor() {
    super();
    this.addController(new Follow(this, ["link", "clock", "update", "tool", "pointer", "view", "hello", "viewed"]));
    this.addController(new Every(this, 500));
  }

  /** MapLibre's own styles are the document's: no shadow. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override async firstUpdated(): Promise<void> {
    const { workplace } = this;
    try {
      this.stage = await Stage.open(this.container, workplace.settings, {
        viewChanged: (view) => workplace.setView(view),
        pointer: (at) => workplace.setPointer(at),
        clicked: (x, y) => workplace.pick(x, y),
      }, workplace.store, workplace.stats);
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.requestUpdate();
      return;
    }
    this.follow(this.stage);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.ends) end();
    this.stage?.destroy();
  }

  private follow(stage: Stage): void {
    const w = this.workplace;
    const { map } = parseHash(location.hash);
    if (map) {
      this.placed = true;
      stage.base.centre(map.lat, map.lon, map.zoom);
    }
    this.ends = [
      w.on("update", () => {
        stage.update(w.update!);
        if (!this.placed) this.place();
      }),
      w.on("clock", () => stage.setAnchor(w.anchor)),
      w.on("sensors", () => stage.setSensors(w.sensors)),
      w.on("members", () => stage.setMembers(w.members)),
      w.on("hello", () => !this.placed && w.hello?.view && this.place()),
      w.on("labels", () => stage.setLabels(w.labels, w.selectedMark)),
      w.on("hovered", () => stage.setHovered(w.hovered)),
      w.on("detail", () => {
        stage.setTrail(w.detail?.trail ?? []);
        this.centre(stage);
      }),
      w.on("selection", () => stage.setTrail([])),
      w.on("settings", () => stage.configure(w.settings)),
      w.on("tool", () => stage.setMeasuring(w.measuring)),
      w.on("centre", () => {
        this.centring = w.selected !== null;
        this.centre(stage);
      }),
      w.on("fit", () => this.place()),
    ];
    stage.setSensors(w.sensors);
    stage.setMembers(w.members);
    stage.setAnchor(w.anchor);
    if (!this.placed && (w.hello?.view || w.update)) this.place();
  }

  /** Centre on the selected track as soon as it is known where it is. */
  private centre(stage: Stage): void {
    const { detail } = this.workplace;
    if (!this.centring || detail === null) return;
    this.centring = false;
    stage.base.centre(detail.lat, detail.lon, null);
  }

  /** Show where the traffic is: as the node says, else what the sensors reach, else where tracks are. */
  private place(): void {
    const { hello, sensors } = this.workplace;
    const bounds = hello?.view ?? boundsOfSensors(sensors) ?? boundsOfTracks(this.workplace.store);
    if (!bounds || !this.stage) return;
    this.placed = true;
    this.stage.fit(bounds);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const stale = this.workplace.freshness.state === "stale";
    this.container.classList.toggle("stale", stale);
    this.classList.toggle("as-another", this.workplace.viewed !== null);
  }

  override render(): TemplateResult {
    return html`
      <div class="stage" role="application" aria-label="Air picture. Arrow keys pan, plus and minus zoom, J and K step through tracks."></div>
      <asman-toolbar .workplace=${this.workplace} .zoom=${(steps: number) => this.stage?.base.zoomBy(steps)}></asman-toolbar>
      <asman-members .workplace=${this.workplace}></asman-members>
      ${this.band()}
      ${this.emptiness()}
      ${this.foot()}
      <asman-tour .workplace=${this.workplace}></asman-tour>`;
  }

  private band(): TemplateResult | typeof nothing {
    const fresh = this.workplace.freshness;
    if (fresh.state !== "stale") return nothing;
    const { link } = this.workplace;
    const why = "reason" in link ? link.reason : "the node sends nothing";
    return html`<div class="stale-band" role="alert">
      <b>PICTURE STALE since ${utcTime(fresh.sinceS)}Z</b>
      <span>${duration(wallClockS() - fresh.sinceS)} old · ${why}</span>
    </div>`;
  }

  private emptiness(): TemplateResult | typeof nothing {
    const { link, update, workplace } = { ...this.workplace, workplace: this.workplace };
    if (this.failure) return html`<div class="notice" role="alert"><b>The map cannot be drawn</b><span>${this.failure}</span></div>`;
    if (workplace.freshness.state === "waiting") {
      const why = "reason" in link ? link.reason : "Waiting for the node's first picture.";
      return html`<div class="notice" role="status"><b>${link.state === "refused" ? "No link" : "No picture yet"}</b><span>${why}</span></div>`;
    }
    const { viewed } = workplace;
    if (viewed !== null && viewed.seen === null) {
      return html`<div class="notice quiet" role="status"><b>As ${viewed.member} sees it</b><span>${viewed.failure || "Asking the node …"}</span></div>`;
    }
    if (update?.total === 0) {
      return html`<div class="notice quiet" role="status"><b>No tracks</b><span>The picture of ${utcDate(update.timeS)} ${utcTime(update.timeS)}Z is empty.</span></div>`;
    }
    if (update?.shown === 0) {
      return html`<div class="notice quiet" role="status"><b>All ${update.total} tracks are filtered out</b><span>The filter is “${workplace.filter}”. Press Esc in its field to clear it.</span></div>`;
    }
    return nothing;
  }

  private foot(): TemplateResult {
    const { pointer, view } = this.workplace;
    return html`<div class="map-foot">
      ${view ? scaleBar(metresPerPixel(view)) : nothing}
      <span class="coordinates">${pointer
        ? html`${dms(pointer.lat, "lat")} ${dms(wrapLongitude(pointer.lon), "lon")}<small>${decimalDegrees(pointer.lat, wrapLongitude(pointer.lon))}</small>`
        : "–"}</span>
      <span class="zoom">z ${view ? zoomOf(view).toFixed(1) : "–"}</span>
    </div>`;
  }
}

/** A bar of a round number of nautical miles, 60 to 150 pixels long. */
function scaleBar(mPerPx: number): TemplateResult {
  const most = (150 * mPerPx) / 1852;
  const power = 10 ** Math.floor(Math.log10(most));
  const miles = most / power >= 5 ? 5 * power : most / power >= 2 ? 2 * power : power;
  const px = (miles * 1852) / mPerPx;
  return html`<span class="scale" style="width:${px.toFixed(0)}px"><i>${miles < 1 ? miles.toPrecision(1) : miles} NM</i></span>`;
}
