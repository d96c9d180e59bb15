// Handles: sets of samples whose middles are dragged to steer the projection. On a canvas above the points each is a
// ring with a name.
import { inkOf } from "../base/elements";
import { ACCENT, BACKGROUND } from "../points/geometry";
import type { Samples } from "./core";

const HANDLE = { radius: 6, reach: 10, beside: 5, line: 14, ink: "#e9ecef" };
const SIDES = ["right", "left", "above", "below"] as const; // of a ring, where its name may stand

type Side = (typeof SIDES)[number];

/** What is drawn of a handle, in pixels of the page. */
export interface Spot {
  name: string;
  color: string;
  x: number;
  y: number;
}

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class HandleLayer {
  private ink: CanvasRenderingContext2D;
  private handles: Spot[] = [];
  private boxes: (Box | undefined)[] = [];
  private width = 1;
  private height = 1;
  private font?: string;
  private lengths = new Map<string, number>(); // of names, in pixels
  private sides = new Map<string, Side>(); // where names stood last: they should not jump about

  constructor(private canvas: HTMLCanvasElement) {
    this.ink = inkOf(canvas);
  }

  resize(width: number, height: number, ratio: number) {
    Object.assign(this, { width, height });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.lengths.clear();
  }

  /** From back to front; `active` is held or pointed at, or -1. */
  draw(handles: Spot[], active: number) {
    this.handles = handles;
    const { ink } = this;
    ink.clearRect(0, 0, this.width, this.height);
    if (!handles.length) return;
    ink.font = `11px ${(this.font ??= getComputedStyle(this.canvas).fontFamily)}`;
    Object.assign(ink, { textBaseline: "middle", textAlign: "left", lineJoin: "round" });
    const order = [...handles.keys()].sort((a, b) => Number(a === active) - Number(b === active) || a - b);
    for (const i of order) this.drawRing(handles[i], i === active);
    this.boxes = this.place(order.toReversed(), active);
    this.boxes.forEach((box, i) => box && this.drawName(handles[i].name, box));
  }

  private drawRing({ color, x, y }: Spot, active: boolean) {
    const { ink } = this;
    ink.beginPath();
    ink.arc(x, y, HANDLE.radius + (active ? 1.5 : 0), 0, 7);
    Object.assign(ink, { strokeStyle: BACKGROUND, lineWidth: 4.5 }); // the samples within are seen
    ink.stroke();
    Object.assign(ink, { strokeStyle: active ? ACCENT : color, lineWidth: 2 });
    ink.stroke();
    ink.beginPath();
    ink.arc(x, y, 2, 0, 7);
    Object.assign(ink, { fillStyle: color, strokeStyle: BACKGROUND, lineWidth: 2 });
    ink.stroke();
    ink.fill();
  }

  private drawName(name: string, { left, top }: Box) {
    const { ink } = this;
    Object.assign(ink, { strokeStyle: `${BACKGROUND}cc`, lineWidth: 3, fillStyle: HANDLE.ink });
    ink.strokeText(name, left, top + HANDLE.line / 2);
    ink.fillText(name, left, top + HANDLE.line / 2);
  }

  // Where names stand, by handle; undefined where there is no room for one. Those in front choose first, and the
  /** active one stands in any case. */
  private place(order: number[], active: number) {
    const boxes: (Box | undefined)[] = [];
    const rings = this.handles.map(({ x, y }) => makeBox(x - 8, y - 8, 16, 16));
    for (const i of order) {
      const { name, x, y } = this.handles[i];
      if (!this.holds(makeBox(x, y, 0, 0))) continue;
      const last = this.sides.get(name);
      const sides = last ? [last, ...SIDES.filter((side) => side !== last)] : SIDES;
      const options = sides.map((side): [Side, Box] => [side, this.stand(name, side, x, y)]);
      const taken = [...boxes.filter((box) => box !== undefined), ...rings.filter((_, other) => other !== i)];
      const fits = ([, box]: [Side, Box]) => this.holds(box) && !taken.some((other) => overlaps(box, other));
      const found =
        options.find(fits) ?? (i === active ? (options.find(([, box]) => this.holds(box)) ?? options[0]) : null);
      if (!found) continue;
      this.sides.set(name, found[0]);
      boxes[i] = found[1];
    }
    return boxes;
  }

  private stand(name: string, side: Side, x: number, y: number) {
    const length = this.lengths.get(name) ?? this.ink.measureText(name).width;
    this.lengths.set(name, length);
    const beside = HANDLE.radius + HANDLE.beside;
    const middle = side === "above" ? y - beside - 5 : side === "below" ? y + beside + 5 : y;
    const left = side === "right" ? x + beside : side === "left" ? x - beside - length : x - length / 2;
    return makeBox(left, middle - HANDLE.line / 2, length, HANDLE.line);
  }

  private holds({ left, top, right, bottom }: Box) {
    return left >= 0 && top >= 0 && right <= this.width && bottom <= this.height;
  }

  /** The handle whose ring is nearest to a place, or -1. */
  hit(px: number, py: number) {
    let [least, best] = [HANDLE.reach ** 2, -1];
    this.handles.forEach(({ x, y }, i) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance <= least) [least, best] = [distance, i];
    });
    return best;
  }

  /** The handle whose ring or name is at a place, or -1. */
  hitName(px: number, py: number) {
    const at = ({ left, top, right, bottom }: Box) => px >= left && px <= right && py >= top && py <= bottom;
    const named = this.boxes.findIndex((box) => box && at(box));
    return named >= 0 ? named : this.hit(px, py);
  }
}

const makeBox = (left: number, top: number, width: number, height: number): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});
const overlaps = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

// --- which sets of samples have a handle: classes, and those that were made by hand --------------------

const MOST_CLASSES = 24; // more rings than that hide what they steer

/** A set of samples, uids rising, as the visitor made it. */
export interface Handle {
  name: string;
  uids: number[];
}

/** One with a handle. `made` is its place in the list of handles, -1 for classes. */
export interface Group extends Handle {
  color: string;
  made: number;
}

interface Sets {
  labels: Int32Array;
  classes: string[];
  free: Uint8Array;
  handles: Handle[];
  paint(uids: number[]): string;
}

// From back to front, the most frequent class and what was made last in front. Classes are those with a sample that
/** is `free`. */
export function listGroups({ labels, classes, free, paint, handles }: Sets): Group[] {
  const members: number[][] = classes.map(() => []);
  const kept = new Int32Array(classes.length);
  labels.forEach((label, uid) => {
    if (!members[label]) return;
    members[label].push(uid);
    kept[label] += free[uid];
  });
  const shown = classes.map((_, label) => label).filter((label) => kept[label]);
  const largest = shown
    .sort((a, b) => kept[b] - kept[a] || a - b)
    .slice(0, MOST_CLASSES)
    .reverse();
  const named = (label: number) => ({
    name: classes[label],
    color: paint(members[label]),
    uids: members[label],
    made: -1,
  });
  const own = handles.map(({ name, uids }, made) => ({ name, color: "#ffffff", uids, made }));
  return [...largest.map(named), ...own.filter(({ uids }) => uids.length && uids.at(-1)! < labels.length)];
}

/** The middles (groups, d) of sets of samples, which may share some. */
export function locateGroups(X: Samples, d: number, groups: Pick<Group, "uids">[]) {
  const found = new Float64Array(groups.length * d);
  groups.forEach(({ uids }, g) => {
    for (const uid of uids) for (let k = 0; k < d; k++) found[g * d + k] += X[uid * d + k] / uids.length;
  });
  return found;
}

/** "Group 3" where there is a "Group 2" already, or as many. */
export function nameGroup(handles: Pick<Handle, "name">[]) {
  const taken = new Set(handles.map(({ name }) => name));
  let number = handles.length + 1;
  while (taken.has(`Group ${number}`)) number++;
  return `Group ${number}`;
}
