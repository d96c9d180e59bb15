// What moves: the points from layout to layout, and the view when a button asks for another.
import { clamp } from "../base/elements";
import { calm, ease, type Pair } from "../points/geometry";
import { type Pose, Viewpoint } from "../points/viewpoint";

const TRAVEL = 450; // milliseconds that points take to their new places
const ZOOM = [0.7, 60] as const;
const INSETS = { left: 26, right: 52, top: 26, bottom: 26 }; // the toolbar is on the right

/** Places [x, y, x, y, ...] around the origin, and how far they reach along each axis. */
export interface Layout {
  at: Float32Array;
  half: Pair;
}

/** How layouts are seen: a point lies at x + s * at[0], y - s * at[1]. One scale for both axes keeps the aspect. */
export interface View {
  s: number;
  x: number;
  y: number;
}

/** Into a box around the origin whose longer side reaches from -1 to 1. */
export function normalize(flat: Float32Array): Layout {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  flat.forEach((v, i) => {
    low[i & 1] = Math.min(low[i & 1], v);
    high[i & 1] = Math.max(high[i & 1], v);
  });
  const half = [0, 1].map((axis) => (high[axis] - low[axis]) / 2);
  const scale = 1 / (Math.max(...half) || 1);
  const [width, height] = half.map((h) => h * scale || 1e-6);
  return { at: flat.map((v, i) => (v - (low[i & 1] + high[i & 1]) / 2) * scale), half: [width, height] };
}

export class Travel {
  at = new Float32Array();
  half: Pair = [1, 1];
  target: Layout = { at: this.at, half: this.half };
  private source: Layout | null = null;
  private began: number | null = null;

  /** From wherever the points are now, also in the middle of a journey. */
  go(target: Layout, jumps: boolean) {
    if (!jumps && target.at.every((v, i) => v === this.target.at[i])) return;
    this.target = target;
    if (jumps || calm.matches) return this.arrive();
    this.source = { at: this.at.slice(), half: this.half };
    this.at = this.at.slice(); // the layouts themselves are not written to
    this.began = null; // at the first frame: the page may be busy until then
  }

  /** One frame; says whether another is needed. */
  step(now: number): boolean {
    if (!this.source) return false;
    this.began ??= now;
    const t = clamp(0, (now - this.began) / TRAVEL, 1);
    if (t === 1) {
      this.arrive();
      return false;
    }
    const { source, target } = this;
    const e = ease(t);
    const between = (from: number, to: number) => from + (to - from) * e;
    for (let i = 0; i < this.at.length; i++) this.at[i] = between(source.at[i], target.at[i]);
    this.half = [between(source.half[0], target.half[0]), between(source.half[1], target.half[1])];
    return true;
  }

  private arrive() {
    this.source = null;
    this.at = this.target.at as Float32Array<ArrayBuffer>;
    this.half = this.target.half;
  }
}

/** `x` and `y` of its pose are how far the middle has been dragged, in pixels. */
export class Camera extends Viewpoint {
  width = 0;
  height = 0;

  constructor() {
    super((k) => k);
  }

  get moved() {
    const { k, x, y } = this.goal ?? this.pose;
    return k !== 1 || x !== 0 || y !== 0;
  }

  view(half: Pair): View {
    const { left, right, top, bottom } = INSETS;
    const [width, height] = [this.width - left - right, this.height - top - bottom];
    const fits = Math.min(width / 2 / half[0], height / 2 / half[1]);
    const { k, x, y } = this.pose;
    return { s: Math.max(1, fits) * k, x: left + width / 2 + x, y: top + height / 2 + y };
  }

  /** The place (px, py) stays where it is; without it, the middle does. */
  zoom(factor: number, px?: number, py?: number): Pose {
    const from = this.goal ?? this.pose;
    const middle = this.view([1, 1]);
    const [mx, my] = [middle.x - this.pose.x, middle.y - this.pose.y];
    const k = clamp(ZOOM[0], from.k * factor, ZOOM[1]);
    const f = k / from.k;
    const keep = (place: number, origin: number, offset: number) => (place - origin) * (1 - f) + offset * f;
    return { k, x: keep(px ?? mx, mx, from.x), y: keep(py ?? my, my, from.y) };
  }
}
