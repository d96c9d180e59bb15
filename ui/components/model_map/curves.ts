// Figures by layer, beneath the nodes: lines, their names, and what is read off at a node.
import { draw } from "../base/elements";
import type { Pair } from "../points/geometry";
import { join, type Place } from "./layout";

export const LINE = 11; // pixels that a small text takes
const SWATCH = 14; // the piece of line before a name
const NO_TEXT = { left: 0, right: 0, top: 0, bottom: 0 };

/** A figure by layer, in [0, 1]; null leaves a gap. */
export interface LayerCurve {
  name: string;
  strong: boolean;
  figures: (number | null)[];
}

export interface Rectangle {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

type Points = (Pair | null)[];

/** A dot on the curve, its figure, and a line up to the node. */
class CurveReading {
  index = -1;
  box: Rectangle = NO_TEXT;
  extent: Rectangle = NO_TEXT;
  readonly stem: SVGPathElement;
  readonly dot: SVGCircleElement;
  readonly text: SVGTextElement;

  constructor(name: string) {
    this.stem = draw("path", { class: `curve-stem at-${name}` });
    this.dot = draw("circle", { class: `curve-dot at-${name}`, r: name === "chosen" ? 3.5 : 3 });
    this.text = draw("text", { class: `curve-value at-${name}` });
    this.hide();
  }

  private get elements() {
    return [this.stem, this.dot, this.text];
  }

  hide() {
    this.box = NO_TEXT;
    for (const element of this.elements) element.style.display = "none";
  }

  show([x, y]: Pair, figure: number, foot: number, weigh: (box: Rectangle) => number) {
    for (const element of this.elements) element.style.display = "";
    this.stem.setAttribute("d", y - 5 > foot + 3 ? `M ${x} ${foot + 3} V ${y - 5}` : "");
    this.dot.setAttribute("cx", String(x));
    this.dot.setAttribute("cy", String(y));
    this.text.textContent = figure.toFixed(2);
    const width = this.text.getComputedTextLength();
    const boxes = [y - 3 - LINE, y + 3].flatMap((top) =>
      [x + 6, x - 6 - width].map((left) => ({ left, right: left + width, top, bottom: top + LINE })),
    );
    const costs = boxes.map(weigh);
    const box = boxes[costs.indexOf(Math.min(...costs))];
    this.box = box;
    this.extent = {
      left: Math.min(x - 5, box.left),
      right: Math.max(x + 5, box.right),
      top: Math.min(y - 5, box.top),
      bottom: Math.max(y + 5, box.bottom),
    };
    this.text.setAttribute("x", String(box.left));
    this.text.setAttribute("y", String(box.bottom - 2));
  }

  fade(faded: boolean) {
    this.text.style.opacity = faded ? "0" : "1";
  }
}

export class LayerCurves {
  curves: LayerCurve[] = [];
  private strong?: LayerCurve;
  private lines: SVGElement[] = [];
  private swatches: SVGElement[] = [];
  private area = draw("path", { class: "curve-area" });
  private rules: SVGElement[] = [];
  private scale: SVGElement[] = [];
  private names: SVGTextElement[] = [];
  private marks = { chosen: new CurveReading("chosen"), hovered: new CurveReading("hovered") };
  private points: Points[] = [];
  private places: Place[] = [];
  private band = { top: 0, bottom: 0 };
  private width = 0;
  /** Where there is text. */
  private taken: Rectangle[] = [];

  constructor(
    private ground: SVGElement,
    private readings: SVGElement,
  ) {}

  /** The elements; where they lie is up to `place`. */
  show(curves: LayerCurve[]) {
    this.curves = curves;
    this.strong = curves.find((curve) => curve.strong);
    const name = (base: string, curve: LayerCurve) => (curve === this.strong ? `${base} strong` : base);
    const makeLines = () => curves.map((curve) => draw("path", { class: name("curve-line", curve) }));
    this.lines = makeLines();
    this.swatches = makeLines();
    this.area = draw("path", { class: "curve-area" });
    this.rules = [0, 1].map(() => draw("path", { class: "curve-rule" }));
    this.scale = ["0", "1"].map((text) => draw("text", { class: "curve-scale" }, text));
    this.names = curves.map((curve) => draw("text", { class: name("curve-name", curve) }, curve.name));
    this.marks = { chosen: new CurveReading("chosen"), hovered: new CurveReading("hovered") };
    this.points = [];
    this.ground.replaceChildren();
    this.readings.replaceChildren();
    if (!curves.length) return;
    const marks = Object.values(this.marks);
    const stems = marks.map((mark) => mark.stem);
    const lines = this.lines.slice().reverse(); // the first on top
    this.ground.replaceChildren(...this.rules, this.area, ...lines, ...this.scale, ...stems);
    this.readings.replaceChildren(...this.swatches, ...this.names, ...marks.flatMap((mark) => [mark.dot, mark.text]));
  }

  /** `texts` are boxes of what is written beneath the nodes. */
  place(places: Place[], band: { top: number; bottom: number }, width: number, texts: Rectangle[]) {
    if (!this.curves.length || !places.length) return;
    Object.assign(this, { places, band, width });
    const y = (figure: number) => band.bottom - figure * (band.bottom - band.top);
    this.points = this.curves.map(({ figures }) =>
      figures.map((figure, i) => (figure === null ? null : [places[i].middle, y(figure)])),
    );
    this.points.forEach((points, i) => this.lines[i].setAttribute("d", trace(points)));
    this.area.setAttribute("d", this.strong ? fill(this.strongPoints, band.bottom) : "");
    [band.bottom, band.top].forEach((level, i) => {
      this.rules[i].setAttribute("d", `M 12 ${level} H ${width - 2}`);
      this.scale[i].setAttribute("x", "2");
      this.scale[i].setAttribute("y", String(level + 3));
    });
    this.placeNames(places[places.length - 1]);
    this.taken.push(...texts);
  }

  private get strongPoints() {
    return (this.strong && this.points[this.curves.indexOf(this.strong)]) ?? [];
  }

  /** All names in one row that ends with the drawing, low or high, where fewer lines cross it. */
  private placeNames(last: Place) {
    this.taken = [];
    const widths = this.names.map((text) => text.getComputedTextLength());
    const spans: { left: number; right: number }[] = [];
    let right = last.x + last.width;
    widths.forEach((width, i) => {
      spans[i] = { left: right - width, right };
      right -= width + SWATCH + 22;
    });
    const rows = [this.band.bottom - LINE - 1, this.band.top + 1].map((top) =>
      spans.map((span) => ({ left: span.left - SWATCH - 4, right: span.right, top, bottom: top + LINE })),
    );
    const costs = rows.map((boxes) => boxes.reduce((sum, box) => sum + this.cross(box), 0));
    this.taken = rows[costs[0] <= costs[1] ? 0 : 1].slice();
    this.taken.forEach(({ bottom }, i) => {
      const { left } = spans[i];
      this.names[i].setAttribute("x", String(left));
      this.names[i].setAttribute("y", String(bottom - 2));
      this.swatches[i].setAttribute("d", `M ${left - SWATCH - 5} ${bottom - 5.5} h ${SWATCH}`);
    });
  }

  /** How much a text would lie on: lines, counted every few pixels, and texts, which weigh more. */
  private cross(box: Rectangle) {
    const lines = this.points.flatMap((points) => sample(points, box.left - 4, box.right + 4));
    const on = lines.filter((y) => y > box.top - 1.5 && y < box.bottom + 1.5).length;
    return on + 1000 * this.taken.filter((other) => overlap(box, other)).length;
  }

  /** Reads the strong curve off at a node, or nowhere at -1. */
  mark(name: "chosen" | "hovered", index: number) {
    const mark = this.marks[name];
    mark.index = index;
    const [at, figure] = [this.strongPoints[index], this.strong?.figures[index]];
    if (!at || typeof figure !== "number") mark.hide();
    else mark.show(at, figure, this.places[index].foot, (box) => this.weigh(box, at));
    const { chosen, hovered } = this.marks; // two figures side by side would run into each other
    chosen.fade(hovered.box !== NO_TEXT && (chosen.index === hovered.index || overlap(chosen.box, hovered.box)));
  }

  private weigh(box: Rectangle, at: Pair) {
    const outside = box.bottom > this.band.bottom + 2 || box.left < 2 || box.right > this.width - 2 ? 50 : 0;
    return this.cross(box) + outside + (box.bottom > at[1] ? 0.5 : 0);
  }

  /** Whether a box hides a dot or a figure. */
  hides(box: Rectangle) {
    return Object.values(this.marks).some((mark) => mark.box !== NO_TEXT && overlap(box, mark.extent));
  }

  read(index: number) {
    const figure = this.strong?.figures[index];
    return typeof figure === "number" ? `${this.strong?.name} ${figure.toFixed(2)}` : "";
  }
}

export function overlap(a: Rectangle, b: Rectangle) {
  return a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom;
}

/** Stretches of points that follow one another; a layer without a figure parts them. */
function split(points: Points) {
  const stretches: Pair[][] = [];
  points.forEach((point, i) => {
    if (!point) return;
    if (!points[i - 1]) stretches.push([]);
    stretches[stretches.length - 1].push(point);
  });
  return stretches;
}

/** A stretch of one point is drawn by the round ends of a line of no length. */
export function trace(points: Points) {
  return split(points)
    .map((stretch) => `M ${join(...stretch)}${stretch.length < 2 ? " h 0" : ""}`)
    .join(" ");
}

export function fill(points: Points, bottom: number) {
  return split(points)
    .map((stretch) => `M ${join([stretch[0][0], bottom], ...stretch, [stretch[stretch.length - 1][0], bottom])} Z`)
    .join(" ");
}

/** Heights of a line every few pixels between two places. */
export function sample(points: Points, left: number, right: number) {
  const heights: number[] = [];
  for (const stretch of split(points)) {
    for (let i = 1; i < stretch.length; i++) {
      const [[x0, y0], [x1, y1]] = [stretch[i - 1], stretch[i]];
      for (let x = Math.max(x0, left); x <= Math.min(x1, right); x += 3) {
        heights.push(y0 + ((x - x0) / (x1 - x0)) * (y1 - y0));
      }
    }
  }
  return heights;
}
