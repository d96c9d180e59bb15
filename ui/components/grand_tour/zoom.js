// How far the cloud is magnified and which place of it is in the middle, in units of the cloud, so that views of
// any size share it and an address can hold it.
const REACH = 0.8; // from the middle to the nearer edge: few samples lie farther out, and from few sides
const ZOOM = { least: 0.2, most: 50, farthest: 20, glide: 180 };

class Zoom {
  constructor() {
    this.pose = { s: 1, x: 0, y: 0 };
    this.goal = null;
  }

  // A place (a, b) of the cloud lies at x + s a, y - s b in a view of that size in pixels.
  view(width, height) {
    const scale = (this.pose.s * Math.max(1, Math.min(width, height))) / 2 / REACH;
    return { s: scale, x: width / 2 - this.pose.x * scale, y: height / 2 + this.pose.y * scale };
  }

  // The pose in which the place (a, b) stays where it is on the screen; without it, the middle does.
  magnify(factor, a, b) {
    const from = this.goal ?? this.pose;
    const s = clamp(ZOOM.least, from.s * factor, ZOOM.most);
    const keep = (middle, place = middle) => place + ((middle - place) * from.s) / s;
    return { s, x: keep(from.x, a), y: keep(from.y, b) };
  }

  set({ s, x, y }) {
    const limit = (middle) => clamp(-ZOOM.farthest, middle, ZOOM.farthest);
    this.pose = { s, x: limit(x), y: limit(y) };
    this.goal = null;
  }

  glide(pose) {
    if (calm.matches) return this.set(pose);
    [this.from, this.goal, this.began] = [this.pose, pose, null];
  }

  // One frame; says whether another is needed.
  step(now) {
    if (!this.goal) return false;
    this.began ??= now;
    const t = clamp(0, (now - this.began) / ZOOM.glide, 1);
    if (t === 1) {
      this.set(this.goal);
      return false;
    }
    const { from, goal } = this;
    const e = 1 - (1 - t) ** 3;
    const s = from.s * (goal.s / from.s) ** e;
    // The middle follows the scale, or the place that stays would swerve on the way.
    const part = goal.s === from.s ? e : (1 / s - 1 / from.s) / (1 / goal.s - 1 / from.s);
    this.pose = { s, x: from.x + (goal.x - from.x) * part, y: from.y + (goal.y - from.y) * part };
    return true;
  }

  finish() {
    if (this.goal) this.set(this.goal);
  }

  // As an address holds it: "s_x_y", or nothing where all is seen.
  get text() {
    const { s, x, y } = this.goal ?? this.pose;
    const text = [s, x, y].map((value) => Number(value.toFixed(3))).join("_");
    return text === "1_0_0" ? "" : text;
  }

  read(text) {
    const [s, x, y] = text ? text.split("_").map(Number) : [1, 0, 0];
    this.set({ s, x, y });
  }
}
