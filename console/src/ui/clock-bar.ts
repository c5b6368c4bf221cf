/** The clock of a replay in the operator's hand; of a live node, how far it is behind. */

import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { duration, utcTime } from "../model/format.ts";
import { Every, Follow } from "../state/follow.ts";
import type { Workplace } from "../state/workplace.ts";
import { icons } from "./icons.ts";
import { shared } from "./shared.ts";

/** 0 is as fast as it goes. */
export const SPEEDS = [0.5, 1, 2, 5, 10, 30, 0] as const;
/** The speeds to choose from; one that was set elsewhere stands among them. */
const offered = (present: number): readonly number[] =>
  (SPEEDS as readonly number[]).includes(present) ? SPEEDS : [...SPEEDS.slice(0, -1), present, 0].toSorted((a, b) => (a || Infinity) - (b || Infinity));
const speedWords = (speed: number): string => (speed === 0 ? "max" : `${speed}×`);

@customElement("asman-clock-bar")
export class ClockBar extends LitElement {
  static override readonly styles = [
    shared,
    css`
      .bar { display: flex; align-items: center; gap: 14px; height: var(--clock-height); padding: 0 12px; border-top: 1px solid var(--line); background: var(--surface-1); }
      .bar.live { height: 28px; font-size: var(--text-s); }
      .play { width: 40px; height: 30px; }
      .ended { padding: 3px 10px; border: 1px solid var(--caution); border-radius: var(--radius); color: var(--caution); font-weight: 650; letter-spacing: 0.08em; font-size: var(--text-s); }
      .speeds { display: flex; }
      .speeds button { min-width: 38px; border-radius: 0; margin-left: -1px; padding: 0 6px; border-color: var(--line-strong); }
      .speeds button[aria-checked="true"] { position: relative; z-index: 1; border-color: var(--accent); }
      .speeds button:first-child { border-radius: var(--radius) 0 0 var(--radius); }
      .speeds button:last-child { border-radius: 0 var(--radius) var(--radius) 0; }
      .seek { flex: 1; display: flex; align-items: center; gap: 10px; min-width: 0; }
      .seek span { color: var(--text-muted); }
      .seek .now { min-width: 62px; color: var(--text); font-weight: 600; text-align: center; }
      input[type="range"] { flex: 1; min-width: 80px; height: 20px; margin: 0; accent-color: var(--accent); cursor: pointer; }
      .left { min-width: 68px; text-align: right; }
    `,
  ];

  @property({ attribute: false }) workplace!: Workplace;
  /** Where the operator holds the slider; null when it is let go. */
  @state() private held: number | null = null;

  constructor() {
    super();
    this.addController(new Follow(this, ["clock", "hello", "health"]));
    this.addController(new Every(this, 500));
  }

  override render(): TemplateResult {
    const { hello, clock } = this.workplace;
    if (hello?.mode !== "replay" || clock === null) return this.live();
    return html`<div class="bar" role="toolbar" aria-label="Replay">
      <button class="play" aria-label=${clock.paused || clock.ended ? "Play" : "Pause"} title="Play or pause (Space)" @click=${() => this.toggle()}>
        ${clock.paused || clock.ended ? icons.play : icons.pause}</button>
      ${clock.ended ? html`<span class="ended" role="status">ENDED</span>` : ""}
      <div class="speeds" role="radiogroup" aria-label="Speed">
        ${offered(clock.speed).map((speed) => html`<button role="radio" aria-checked=${speed === clock.speed} @click=${() => this.workplace.replay({ speed })}>${speedWords(speed)}</button>`)}
      </div>
      ${this.seek()}
    </div>`;
  }

  /** Space: a replay that has ended starts over. */
  toggle(): void {
    const { clock, hello } = this.workplace;
    if (clock === null || hello?.mode !== "replay") return;
    if (clock.ended && hello.recording) this.workplace.replay({ seek_s: hello.recording.begin_s, paused: false });
    else this.workplace.replay({ paused: !clock.paused });
  }

  /** One step faster or slower. */
  shift(steps: number): void {
    const { clock, hello } = this.workplace;
    if (clock === null || hello?.mode !== "replay") return;
    const at = SPEEDS.indexOf(clock.speed as (typeof SPEEDS)[number]);
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? 1 : at) + steps))]!;
    this.workplace.replay({ speed });
  }

  /** Seek by seconds of the recording. */
  skip(seconds: number): void {
    const recording = this.workplace.hello?.recording;
    if (!recording) return;
    const to = Math.max(recording.begin_s, Math.min(recording.end_s, this.workplace.nowS + seconds));
    if (Number.isFinite(to)) this.workplace.replay({ seek_s: to });
  }

  private seek(): TemplateResult {
    const { hello, nowS } = this.workplace;
    const recording = hello!.recording;
    if (!recording) return html`<div class="seek"></div>`;
    const { begin_s: begin, end_s: end } = recording;
    const at = this.held ?? Math.max(begin, Math.min(end, Number.isNaN(nowS) ? begin : nowS));
    return html`<div class="seek">
      <span>${utcTime(begin)}</span>
      <input type="range" min=${begin} max=${end} step="1" .value=${String(at)} aria-label="Time in the recording" aria-valuetext="${utcTime(at)} UTC"
        @input=${(event: Event) => { this.held = Number((event.target as HTMLInputElement).value); }}
        @change=${(event: Event) => {
          this.held = null;
          this.workplace.replay({ seek_s: Number((event.target as HTMLInputElement).value) });
        }}>
      <span>${utcTime(end)}</span>
      <span class="now">${utcTime(at)}</span>
      <span class="left">−${duration(end - at)}</span>
    </div>`;
  }

  private live(): TemplateResult {
    const { hello, clock } = this.workplace;
    const words = hello === null ? "Waiting for the node" : `Live · ${(clock?.behind_s ?? 0).toFixed(1)} s behind its feeds`;
    return html`<div class="bar live"><span class="muted" role="status">${words}</span></div>`;
  }
}
