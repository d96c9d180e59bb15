// How a plot is looked at: magnified, and moved aside. A button lets it glide to another pose.
import { clamp } from "../base/elements";
import { calm } from "./geometry";

const GLIDE = 180; // milliseconds

export interface Pose {
  /** How far it is magnified. */
  k: number;
  x: number;
  y: number;
}

export class Viewpoint {
  pose: Pose = { k: 1, x: 0, y: 0 };
  goal: Pose | null = null;
  private from = this.pose;
  private began: number | null = null;

  /** `follow` says of a magnification what x and y are linear in, or the place that stays would swerve on the way. */
  constructor(private follow: (k: number) => number) {}

  set(pose: Pose) {
    this.pose = pose;
    this.goal = null;
  }

  glide(pose: Pose) {
    if (calm.matches) return this.set(pose);
    [this.from, this.goal, this.began] = [this.pose, pose, null];
  }

  /** One frame; says whether another is needed. */
  step(now: number): boolean {
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
    const [start, here, end] = [from.k, k, goal.k].map(this.follow);
    const part = goal.k === from.k ? e : (here - start) / (end - start);
    this.pose = { k, x: from.x + (goal.x - from.x) * part, y: from.y + (goal.y - from.y) * part };
    return true;
  }

  finish() {
    if (this.goal) this.set(this.goal);
  }
}
