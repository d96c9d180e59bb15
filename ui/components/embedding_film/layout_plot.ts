// One layout of a few samples on a canvas, with the sample that is pointed at and the lines to those that are nearest to
// it among the features. Several layouts of the same samples share what is marked.
import { clearCanvas } from "../base/canvas";
import { decodeAll, type Table } from "../base/component";
import { clamp, find } from "../base/elements";
import { ARROWS, isShortcut } from "../base/keys";
import { findAhead } from "../points/ahead";
import { ACCENT, BACKGROUND, type Entry, type Ink, type Pair, SHAPES } from "../points/geometry";
import { Tooltip } from "../points/tooltip";

const FULL_STEP = 32767; // half the side of the box around a layout

/** Coordinates in steps, [x, y, x, y, ...]. */
export type Steps = Int16Array | Float32Array;

/** The samples, and which of them are marked by the page. */
export interface SamplesData {
  samples: Table;
  entries: Entry[];
  outputs: string[];
  family: string;
  /** -1 for none. */
  pinned: number;
  only: number[];
}

/** What all layouts of a component share: the samples, and what is marked of them. */
export class LinkedSamples {
  n = 0;
  family = "";
  entries: Entry[] = [];
  labels = new Int32Array();
  pinned = -1;
  hovered = -1;
  /** The class that a legend brings out. */
  lit: number | null = null;
  private outputs: string[] = [];
  private predicted = new Int32Array();
  private correct = new Int8Array();
  private confidence = new Float32Array();
  private neighbors = new Int16Array(); // (n, k), among the features
  private only = new Set<number>();

  read({ samples, entries, outputs, family, pinned, only }: SamplesData) {
    const kinds = { labels: "i4", predicted: "i4", correct: "i1", confidence: "f4", neighbors: "i2" } as const;
    Object.assign(this, decodeAll(samples, kinds), { entries, outputs, family, only: new Set(only) });
    this.n = this.labels.length;
    this.pinned = pinned < this.n ? pinned : -1;
    if (this.hovered >= this.n) this.hovered = -1;
  }

  isDim(i: number) {
    if (this.lit !== null) return this.labels[i] !== this.lit;
    return this.only.size > 0 && !this.only.has(this.labels[i]);
  }

  nearest(i: number) {
    const k = this.n ? this.neighbors.length / this.n : 0;
    return this.neighbors.subarray(i * k, (i + 1) * k);
  }

  describe(i: number) {
    const { name, color } = this.entries[this.labels[i]];
    const [predicted, correct, confidence] = [this.outputs[this.predicted[i]], this.correct[i], this.confidence[i]];
    return { uid: i, family: this.family, color, true: name, predicted, correct, confidence };
  }
}

/** A layout as a thumbnail, or as the ground of one that is pointed at. */
export function paintLayout(ink: Ink, samples: LinkedSamples, at: Float32Array, radius: number) {
  const paths = {};
  for (const dim of [true, false]) {
    for (let i = 0; i < samples.n; i++) {
      if (samples.isDim(i) === dim) paintMark(ink, samples, at, i, radius, paths, dim);
    }
  }
}

function paintMark(
  ink: Ink,
  samples: LinkedSamples,
  at: Float32Array,
  i: number,
  radius: number,
  paths: Record<string, Path2D> = {},
  dim = false,
) {
  const { color, shape } = samples.entries[samples.labels[i]];
  const path = (paths[shape] ??= new Path2D(SHAPES[shape]));
  ink.save();
  ink.translate(at[2 * i], at[2 * i + 1]);
  ink.scale(radius, radius);
  ink.globalAlpha = dim ? 0.13 : 1;
  ink.lineWidth = 1.4 / radius;
  ink.strokeStyle = `${BACKGROUND}b3`;
  ink.fillStyle = color;
  if (!dim && radius > 2) ink.stroke(path);
  ink.fill(path);
  ink.restore();
}

/** Steps to pixels; layouts keep their proportions. */
export function placeLayout(steps: Steps, width: number, height: number, margin: number) {
  const scale = (Math.min(width, height) / 2 - margin) / FULL_STEP;
  const at = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i += 2) {
    at[i] = width / 2 + steps[i] * scale;
    at[i + 1] = height / 2 - steps[i + 1] * scale;
  }
  return at;
}

export const measureMark = (n: number, width: number, height: number) =>
  clamp(1.5, Math.sqrt((width * height) / Math.max(1, n)) * 0.12, 6.5);

/** Told what the visitor does. */
interface Acts {
  hover(i: number): void;
  pick(i: number): void;
  release(): void;
}

export class LayoutPlot {
  /** Whether the pointer, or the keys, are here. */
  isPointed = false;
  private canvas: HTMLCanvasElement;
  private tooltip?: Tooltip;
  private steps: Steps | null = null;
  private at: Float32Array | null = null;
  private radius = 0;
  private observer = new ResizeObserver(() => this.draw());

  /** Without `acts` nothing is pointed at. */
  constructor(
    private box: HTMLElement,
    private samples: LinkedSamples,
    acts: Acts | null,
  ) {
    this.canvas = find(box, "canvas");
    if (acts) this.listen(acts);
    this.observer.observe(box);
  }

  private listen({ hover, pick, release }: Acts) {
    this.tooltip = new Tooltip(this.box);
    const { canvas, box, samples } = this;
    const point = (i: number, isPointed: boolean) => {
      this.isPointed = isPointed;
      hover(i);
    };
    canvas.onpointermove = ({ offsetX, offsetY }) => point(this.hit(offsetX, offsetY), true);
    canvas.onpointerleave = box.onblur = () => point(-1, false);
    canvas.onclick = ({ offsetX, offsetY }) => {
      const i = this.hit(offsetX, offsetY);
      if (i >= 0) pick(i);
    };
    box.onkeydown = (event) => {
      if (isShortcut(event)) return;
      const { key } = event;
      if (key in ARROWS) point(this.next(ARROWS[key]), true);
      else if (key === "Enter" && samples.hovered >= 0) pick(samples.hovered);
      else if (key === "Escape") release();
      else return;
      event.preventDefault();
      event.stopPropagation(); // Streamlit has keys of its own
    };
  }

  show(steps: Steps | null) {
    this.steps = steps;
    this.draw();
  }

  draw() {
    const { box, canvas, samples, steps, tooltip } = this;
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width || !height) return;
    const ink = clearCanvas(canvas, width, height);
    if (steps?.length !== 2 * samples.n) {
      this.at = null;
      tooltip?.hide();
      return;
    }
    this.radius = measureMark(samples.n, width, height);
    const at = (this.at = placeLayout(steps, width, height, Math.max(6, 2.5 * this.radius)));
    paintLayout(ink, samples, at, this.radius);
    if (!tooltip) return;
    const { hovered, pinned } = samples;
    const focus = hovered >= 0 ? hovered : pinned;
    if (focus >= 0) this.join(ink, at, focus);
    if (pinned >= 0) this.mark(ink, at, pinned, "#ffffff", 2);
    if (hovered >= 0) this.mark(ink, at, hovered, ACCENT, 1.8);
    // The tooltip stands where the pointer is; other layouts show the same sample by its ring.
    canvas.style.cursor = hovered >= 0 ? "pointer" : "default";
    if (hovered < 0 || !this.isPointed) tooltip.hide();
    else tooltip.show(this.place(hovered), this.radius, samples.describe(hovered));
  }

  stop() {
    this.observer.disconnect();
  }

  /** Lines from a sample to its nearest among the features, and these in front. */
  private join(ink: Ink, at: Float32Array, i: number) {
    const { samples, radius } = this;
    ink.beginPath();
    for (const other of samples.nearest(i)) {
      ink.moveTo(...this.place(i));
      ink.lineTo(...this.place(other));
    }
    ink.strokeStyle = "#ffffff66";
    ink.lineWidth = 1;
    ink.stroke();
    for (const other of samples.nearest(i)) paintMark(ink, samples, at, other, radius * 1.1);
  }

  private mark(ink: Ink, at: Float32Array, i: number, color: string, width: number) {
    paintMark(ink, this.samples, at, i, this.radius * 1.25);
    ink.beginPath();
    ink.arc(...this.place(i), this.radius + 3.5, 0, 7);
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.stroke();
  }

  private place(i: number): Pair {
    return this.at ? [this.at[2 * i], this.at[2 * i + 1]] : [0, 0];
  }

  private hit(px: number, py: number) {
    if (!this.at) return -1;
    let [best, reach] = [-1, Math.max(11, this.radius + 5) ** 2];
    for (let i = 0; i < this.samples.n; i++) {
      if (this.samples.isDim(i)) continue;
      const [x, y] = this.place(i);
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < reach) [best, reach] = [i, distance];
    }
    return best;
  }

  /** Where an arrow key goes to; where there is nothing, it stays. */
  private next(direction: Pair) {
    const { samples, box } = this;
    if (!this.at) return -1;
    const from = samples.hovered >= 0 ? samples.hovered : samples.pinned;
    const isFree = (i: number) => !samples.isDim(i);
    const middle: Pair = [box.clientWidth / 2, box.clientHeight / 2];
    const next = findAhead({ count: samples.n, isFree, place: (i) => this.place(i), middle }, from, direction);
    return next >= 0 ? next : from;
  }
}
