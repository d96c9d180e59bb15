// The frames, which of them is shown, and whether they run.
const PACE = 90; // milliseconds a frame

class Film {
  constructor(onShow) {
    this.onShow = onShow;
    this.clear();
  }

  clear() {
    this.pause();
    this.frames = [];
    this.at = 0;
    this.follows = true;
  }

  // What came from `first` on; false where something before it is missing.
  take(first, frames) {
    if (first > this.frames.length) return false;
    this.frames.splice(first, Infinity, ...frames);
    if (this.follows || this.at >= this.frames.length) this.at = Math.max(0, this.frames.length - 1);
    return true;
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

  go(at) {
    this.at = Math.max(0, Math.min(this.last, at));
    this.follows = this.at === this.last;
    this.onShow();
  }

  // The frame that is nearest to a step.
  seek(step) {
    const distances = this.frames.map(([each]) => Math.abs(each - step));
    this.go(distances.indexOf(Math.min(...distances)));
  }

  play() {
    if (this.frames.length < 2) return;
    if (this.at === this.last) this.at = 0;
    this.timer = setInterval(() => {
      this.go(this.at + 1);
      if (this.at === this.last) this.pause();
    }, PACE);
    this.go(this.at);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.frames) this.onShow();
  }

  toggle() {
    if (this.timer) this.pause();
    else this.play();
  }
}
