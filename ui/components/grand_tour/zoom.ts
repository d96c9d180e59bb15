// How far the cloud is magnified and which place of it is in the middle, in units of the cloud, so that views of
// any size share it and an address can hold it.
import { clamp } from "../base/elements";
import { type Pose, Viewpoint } from "../points/viewpoint";
import type { View } from "./renderer";

const REACH = 0.8; // from the middle to the nearer edge: few samples lie farther out, and from few sides
const LIMITS = { least: 0.2, most: 50, farthest: 20 };

export class Zoom extends Viewpoint {
  constructor() {
    super((k) => 1 / k);
  }

  /** A place (a, b) of the cloud lies at x + s a, y - s b in a view of that size in pixels. */
  view(width: number, height: number): View {
    const { k, x, y } = this.pose;
    const s = (k * Math.max(1, Math.min(width, height))) / 2 / REACH;
    return { s, x: width / 2 - x * s, y: height / 2 + y * s };
  }

  /** The pose in which the place (a, b) stays where it is on the screen; without it, the middle does. */
  magnify(factor: number, a?: number, b?: number): Pose {
    const from = this.goal ?? this.pose;
    const k = clamp(LIMITS.least, from.k * factor, LIMITS.most);
    const keep = (middle: number, place = middle) => place + ((middle - place) * from.k) / k;
    return { k, x: keep(from.x, a), y: keep(from.y, b) };
  }

  override set({ k, x, y }: Pose) {
    const limit = (middle: number) => clamp(-LIMITS.farthest, middle, LIMITS.farthest);
    super.set({ k, x: limit(x), y: limit(y) });
  }

  /** As an address holds it: "k_x_y", or nothing where all is seen. */
  get text() {
    const { k, x, y } = this.goal ?? this.pose;
    const text = [k, x, y].map((value) => Number(value.toFixed(3))).join("_");
    return text === "1_0_0" ? "" : text;
  }

  read(text: string) {
    const [k, x, y] = text ? text.split("_").map(Number) : [1, 0, 0];
    this.set({ k, x, y });
  }
}
