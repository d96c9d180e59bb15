// What moves: the points from layout to layout, and the view when a button asks for another.
const TRAVEL = 450; // milliseconds that points take to their new places
const GLIDE = 180; // and the view
const ZOOM = [0.7, 60];
const INSETS = { left: 26, right: 52, top: 26, bottom: 26 }; // the toolbar is on the right

class Travel {
  constructor() {
    this.at = new Float32Array();
    this.half = [1, 1];
    this.target = { at: this.at, half: this.half };
  }

  // From wherever the points are now, also in the middle of a journey.
  go(target, jumps) {
    if (!jumps && target.at.every((v, i) => v === this.target.at[i])) return;
    this.target = target;
    if (jumps || calm.matches) {
      this.source = null;
      [this.at, this.half] = [target.at, target.half];
      return;
    }
    this.source = { at: this.at.slice(), half: this.half };
    this.at = this.at.slice(); // the layouts themselves are not written to
    this.began = null; // at the first frame: the page may be busy until then
  }

  // One frame; says whether another is needed.
  step(now) {
    if (!this.source) return false;
    this.began ??= now;
    const t = clamp(0, (now - this.began) / TRAVEL, 1);
    const { source, target } = this;
    if (t === 1) {
      [this.at, this.half, this.source] = [target.at, target.half, null];
      return false;
    }
    const e = ease(t);
    for (let i = 0; i < this.at.length; i++) {
      this.at[i] = source.at[i] + (target.at[i] - source.at[i]) * e;
    }
    this.half = target.half.map((h, i) => source.half[i] + (h - source.half[i]) * e);
    return true;
  }
}

// `k` magnifies; `x` and `y` are how far the middle has been dragged, in pixels.
class Camera {
  constructor() {
    this.width = this.height = 0;
    this.pose = { k: 1, x: 0, y: 0 };
    this.goal = null;
  }

  get moved() {
    const { k, x, y } = this.goal ?? this.pose;
    return k !== 1 || x !== 0 || y !== 0;
  }

  // A point lies at x + s * at[0], y - s * at[1]: one scale for both axes keeps the aspect.
  view(half) {
    const { left, right, top, bottom } = INSETS;
    const [width, height] = [this.width - left - right, this.height - top - bottom];
    const fits = Math.min(width / 2 / half[0], height / 2 / half[1]);
    const { k, x, y } = this.pose;
    return { s: Math.max(1, fits) * k, x: left + width / 2 + x, y: top + height / 2 + y };
  }

  // The place (px, py) stays where it is; without it, the middle does.
  zoom(factor, px, py) {
    const from = this.goal ?? this.pose;
    const middle = this.view([1, 1]);
    const [mx, my] = [middle.x - this.pose.x, middle.y - this.pose.y];
    const k = clamp(ZOOM[0], from.k * factor, ZOOM[1]);
    const f = k / from.k;
    const keep = (place, origin, offset) => (place - origin) * (1 - f) + offset * f;
    return { k, x: keep(px ?? mx, mx, from.x), y: keep(py ?? my, my, from.y) };
  }

  set(pose) {
    this.pose = pose;
    this.goal = null;
  }

  glide(pose) {
    if (calm.matches) return this.set(pose);
    this.from = this.pose;
    this.goal = pose;
    this.began = null;
  }

  step(now) {
    if (!this.goal) return false;
    this.began ??= now;
    const t = clamp(0, (now - this.began) / GLIDE, 1);
    if (t === 1) {
      this.set(this.goal);
      return false;
    }
    const { from, goal } = this;
    const e = 1 - (1 - t) ** 3;
    const k = from.k * (goal.k / from.k) ** e;
    // Offsets follow the zoom, or the place that stays would swerve on the way.
    const part = goal.k === from.k ? e : (k - from.k) / (goal.k - from.k);
    this.pose = { k, x: from.x + (goal.x - from.x) * part, y: from.y + (goal.y - from.y) * part };
    return true;
  }

  finish() {
    if (this.goal) this.set(this.goal);
  }
}
