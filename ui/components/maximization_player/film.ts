// The frames, which of them is shown, and whether they run.
import { clamp } from "../base/elements";

export type Frame = [step: number, picture: string];

const PACE = 90; // milliseconds a frame

export class Film {
  frames: Frame[] = [];
  at = 0;
  private follows = true;
  private timer?: ReturnType<typeof setInterval>;

  constructor(private onShow: () => void) {}

  get runs() {
    return this.timer !== undefined;
  }

  get step() {
    return this.frames[this.at]?.[0] ?? 0;
  }

  get picture() {
    return this.frames[this.at]?.[1] ?? "";
  }

  get last() {
    return Math.max(0, this.frames.length - 1);
  }

  clear() {
    this.pause();
    this.frames = [];
    this.at = 0;
    this.follows = true;
  }

  /** What came from `first` on; false where something before it is missing. */
  take(first: number, frames: Frame[]) {
    if (first > this.frames.length) return false;
    this.frames.splice(first, Infinity, ...frames);
    if (this.follows || this.at >= this.frames.length) this.at = this.last;
    return true;
  }

  go(at: number) {
    this.at = clamp(0, at, this.last);
    this.follows = this.at === this.last;
    this.onShow();
  }

  /** The frame that is nearest to a step. */
  seek(step: number) {
    const distances = this.frames.map(([each]) => Math.abs(each - step));
    this.go(distances.indexOf(Math.min(...distances)));
  }

  pause() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.onShow();
  }

  toggle() {
    if (this.runs) this.pause();
    else this.play();
  }

  private play() {
    if (this.frames.length < 2) return;
    if (this.at === this.last) this.at = 0;
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at === this.last) this.pause();
    }, PACE);
    this.go(this.at);
  }
}
