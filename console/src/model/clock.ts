/**
 * The picture's time between two frames. Frames come about once a second; in between the time runs on at the
 * replay's speed, but never further than `MAX_AHEAD_S` of wall clock past the last frame: a picture that gets no
 * more frames stands still instead of inventing.
 */

export const MAX_AHEAD_S = 3;

/** Anchor of the picture's time: plain numbers, so that a worker can send it. */
export interface Anchor {
  /** Picture time, UTC epoch seconds. */
  readonly timeS: number;
  /** Wall clock of `timeS`, seconds. */
  readonly wallS: number;
  /** Seconds of picture for a second of wall clock; 0 when it stands. */
  readonly rate: number;
}

export const STANDING: Anchor = { timeS: Number.NaN, wallS: 0, rate: 0 };

export function pictureTime(anchor: Anchor, wallS: number): number {
  const ahead = Math.max(0, Math.min(MAX_AHEAD_S, wallS - anchor.wallS));
  return anchor.timeS + ahead * anchor.rate;
}

export class PictureClock {
  anchor: Anchor = STANDING;
  private speed = 1;
  private running = true;
  private lastFrame: { timeS: number; wallS: number } | null = null;
  private measuredRate = 1;

  /** What the node says of its clock. */
  told(speed: number, paused: boolean, ended: boolean, wallS: number): void {
    this.speed = speed;
    const running = !paused && !ended;
    const timeS = pictureTime(this.anchor, wallS);
    this.running = running;
    if (this.anchor.rate !== this.rate) this.anchor = { timeS, wallS, rate: this.rate };
  }

  /** A frame of the picture came. `jump`: its time has nothing to do with the last one's (a seek). */
  frame(timeS: number, wallS: number, jump: boolean): void {
    if (jump || this.lastFrame === null) {
      this.anchor = { timeS, wallS, rate: this.rate };
      this.lastFrame = { timeS, wallS };
      return;
    }
    const dWall = wallS - this.lastFrame.wallS;
    if (dWall > 0.02) {
      const rate = (timeS - this.lastFrame.timeS) / dWall;
      this.measuredRate += 0.3 * (Math.max(0, rate) - this.measuredRate);
      this.lastFrame = { timeS, wallS };
    }
    // Small differences are the network's jitter: half of them is taken up at a time, so that symbols do not twitch.
    const shown = pictureTime(this.anchor, wallS);
    const off = timeS - shown;
    const smooth = Math.abs(off) < 0.5 * Math.max(1, this.rate);
    this.anchor = { timeS: smooth ? shown + off / 2 : timeS, wallS, rate: this.rate };
  }

  private get rate(): number {
    if (!this.running) return 0;
    return this.speed > 0 ? this.speed : this.measuredRate;
  }
}
