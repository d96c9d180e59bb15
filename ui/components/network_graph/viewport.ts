// Which part of the graph is seen, and how large: wheel, drag and keys.
import { clamp } from "../base/elements";
import type { Place } from "./layout";

export const ZOOM = { least: 0.05, most: 2.5, step: 1.25, wheel: 0.0015 };
const CLICK = 4; // pixels that a hand may tremble

/** How much larger the graph is drawn, and where its corner is. */
interface Pose {
  s: number;
  x: number;
  y: number;
}

/** A pose that is some times larger, in bounds; what is at a place of the screen stays there. */
export function magnify(pose: Pose, factor: number, x: number, y: number): Pose {
  const s = clamp(ZOOM.least, pose.s * factor, ZOOM.most);
  const keep = (at: number, place: number) => place - ((place - at) * s) / pose.s;
  return { s, x: keep(pose.x, x), y: keep(pose.y, y) };
}

/** Told of every change, and of a press without a drag. */
interface Acts {
  moved(): void;
  clicked(target: Element): void;
}

export class GraphViewport {
  pose: Pose = { s: 1, x: 0, y: 0 };
  /** Of the graph. */
  size = { width: 0, height: 0 };
  private from: { x: number; y: number; pose: Pose; moved: boolean; target: Element } | null = null;

  constructor(
    private svg: SVGElement,
    private world: SVGElement,
    private acts: Acts,
  ) {
    this.listen();
  }

  get room() {
    return { width: this.svg.clientWidth, height: this.svg.clientHeight };
  }

  set(pose: Pose) {
    const { width, height } = this.room;
    const s = clamp(ZOOM.least, pose.s, ZOOM.most);
    // A hand's breadth of the graph stays in sight.
    const keep = (at: number, room: number, length: number) => clamp(60 - length * s, at, room - 60);
    this.pose = { s, x: keep(pose.x, width, this.size.width), y: keep(pose.y, height, this.size.height) };
    this.world.setAttribute("transform", `translate(${this.pose.x} ${this.pose.y}) scale(${s})`);
    this.acts.moved();
  }

  /** At its own size, from the top, with a place in the middle. */
  start(x = this.size.width / 2) {
    const { width } = this.room;
    this.set({ s: 1, x: width / 2 - x, y: 0 });
  }

  fit() {
    const { width, height } = this.room;
    const s = Math.min(1, width / this.size.width, height / this.size.height);
    this.set({ s, x: (width - s * this.size.width) / 2, y: (height - s * this.size.height) / 2 });
  }

  zoom(factor: number, x = this.room.width / 2, y = this.room.height / 2) {
    this.set(magnify(this.pose, factor, x, y));
  }

  /** Brings a place into sight if it is not, and only then. */
  reveal({ x, y, width, height }: Place) {
    const { s } = this.pose;
    const room = this.room;
    const [left, top] = [this.pose.x + (x - width / 2) * s, this.pose.y + (y - height / 2) * s];
    const inside = left > 10 && top > 10 && left + width * s < room.width - 10 && top + height * s < room.height - 10;
    if (!inside) this.centre(x, y);
  }

  centre(x: number, y: number) {
    const { width, height } = this.room;
    this.set({ s: this.pose.s, x: width / 2 - x * this.pose.s, y: height / 2 - y * this.pose.s });
  }

  private listen() {
    const { svg } = this;
    svg.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    svg.onpointerdown = (event) => {
      if (event.button) return;
      // The target is told now: later a shadow root hides it.
      const target = event.target as Element;
      this.from = { x: event.clientX, y: event.clientY, pose: this.pose, moved: false, target };
      svg.setPointerCapture(event.pointerId);
    };
    svg.onpointermove = (event) => {
      const { from } = this;
      if (!from) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      from.moved ||= Math.hypot(dx, dy) > CLICK;
      if (!from.moved) return;
      svg.classList.add("dragging");
      this.set({ s: this.pose.s, x: from.pose.x + dx, y: from.pose.y + dy });
    };
    svg.onpointerup = () => {
      const { from } = this;
      this.from = null;
      svg.classList.remove("dragging");
      if (from && !from.moved) this.acts.clicked(from.target);
    };
    svg.onpointercancel = () => {
      this.from = null;
      svg.classList.remove("dragging");
    };
  }

  private roll(event: WheelEvent) {
    event.preventDefault();
    if (event.shiftKey) {
      const { s, x, y } = this.pose;
      this.set({ s, x: x - event.deltaX, y: y - event.deltaY });
      return;
    }
    const box = this.svg.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * ZOOM.wheel), event.clientX - box.left, event.clientY - box.top);
  }
}
