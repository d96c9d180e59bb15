// Lines over axes. Dragging along an axis keeps the lines that cross there; pointing at a line lights it up, here and in
// the table; a click picks it.
import { hear, tell } from "../base/channel";
import { mount, type Send } from "../base/component";
import { clamp, draw, find, make } from "../base/elements";
import { type Axis, type Brushes, Coordinates, type ExperimentLine, listKept } from "./coordinates";
import "./parallel_coordinates.css";

const GRIP = 11; // pixels at both sides of an axis where it is brushed
const SLACK = 3; // pixels that a click may slip
const SIDES = ["a", "b"] as const;

interface Data {
  axes: Axis[];
  lines: ExperimentLine[];
  picked: [string, string];
}

type Triggers = { pick: { side: number; key: string } };

class ParallelCoordinates {
  private svg: SVGSVGElement;
  private tip: HTMLElement;
  private data?: Data;
  private at?: Coordinates;
  private brushes: Brushes = new Map();
  private lit: string | null = null;
  private grip: { axis: number; from: number; moved: boolean } | null = null;
  private drawn = new Map<string, SVGPathElement>();
  private casings: SVGPathElement[] = [];
  private unhear: () => void;
  private observer = new ResizeObserver(() => this.draw());

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.svg = find(root, "svg");
    this.tip = find(root, ".tip");
    this.svg.onpointerdown = (event) => this.press(event);
    this.svg.onpointermove = (event) => this.move(event);
    this.svg.onpointerup = (event) => this.release(event);
    this.svg.onpointercancel = () => (this.grip = null);
    this.svg.onpointerleave = () => !this.grip && this.light(null);
    find(root, ".clear").onclick = () => this.brush(() => this.brushes.clear());
    this.unhear = hear("experiment", ({ key, from }) => from !== this && this.light(key, true));
    this.observer.observe(this.svg);
  }

  stop() {
    this.unhear();
    this.observer.disconnect();
    tell("experiments-kept", { keys: null });
  }

  show(data: Data) {
    this.data = data;
    const { axes } = data;
    for (const name of [...this.brushes.keys()]) {
      if (!axes.some((axis) => axis.name === name)) this.brushes.delete(name);
    }
    const heads = find(this.root, ".heads");
    heads.style.gridTemplateColumns = `repeat(${axes.length}, minmax(0, 1fr))`;
    heads.replaceChildren(
      ...axes.map(({ name, measured }) => {
        const head = make("span", measured ? "measured" : "");
        const dot = name.lastIndexOf(".");
        head.title = name;
        if (dot > 0) head.append(make("small", "", name.slice(0, dot)));
        head.append(name.slice(dot + 1).replaceAll("_", " "));
        return head;
      }),
    );
    this.draw();
    this.tellKept();
  }

  // --- drawing -----------------------------------------------------------------------------------

  private draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (!this.data || !width || !height) return;
    const { axes, lines } = this.data;
    const at = (this.at = new Coordinates(axes, lines, width, height));
    const unknown = axes.map((_, i) => lines.some(({ places }) => places[i] === null));
    this.casings = SIDES.map((side) => draw("path", { class: `casing ${side}` }));
    this.drawn = new Map(
      lines.map(({ key, color }, n) => {
        const path = draw("path", { class: "line", d: at.trace(n), stroke: color });
        path.dataset.key = key;
        return [key, path];
      }),
    );
    this.svg.replaceChildren(
      ...axes.flatMap((axis, i) => this.drawAxis(axis, at.across[i], unknown[i], at)),
      ...this.casings,
      ...this.drawn.values(),
      ...axes.flatMap(({ ticks }, i) =>
        ticks.map(([place, text]) =>
          draw("text", { class: "tick", x: at.across[i] + 6, y: at.down(place) + 3.5 }, text),
        ),
      ),
    );
    this.mark();
  }

  private drawAxis({ name }: Axis, x: number, isUnknown: boolean, at: Coordinates) {
    const parts: SVGElement[] = [draw("line", { class: "axis", x1: x, x2: x, y1: at.top - 4, y2: at.bottom + 4 })];
    if (isUnknown) parts.push(draw("text", { class: "tick", x: x + 5, y: at.height - 2 }, "none"));
    const range = this.brushes.get(name);
    if (range) {
      const [low, high] = range.map((place) => at.down(place));
      parts.push(draw("rect", { class: "brush", x: x - 7, width: 14, y: high - 3, height: low - high + 6, rx: 3 }));
    }
    const handle = draw("rect", { class: "handle", x: x - GRIP, width: 2 * GRIP, y: 0, height: at.height });
    handle.append(draw("title", {}, `Drag along ${name} to keep a part of it, click to keep all`));
    return [...parts, handle];
  }

  private mark() {
    const { data, at } = this;
    if (!data || !at) return;
    const { lines, picked } = data;
    const kept = this.kept();
    const above = this.svg.querySelector(".tick");
    for (const [key, path] of this.drawn) {
      const [isLit, isPicked] = [key === this.lit, picked.includes(key)];
      path.classList.toggle("out", !kept.has(key));
      path.classList.toggle("back", this.lit !== null && !isLit && !isPicked);
      path.classList.toggle("lit", isLit);
      path.classList.toggle("picked", isPicked);
      if (isLit) this.svg.insertBefore(path, above);
    }
    for (const each of this.svg.querySelectorAll(".mark")) each.remove();
    // The two that are looked at lie on top, each in the colour of its letter.
    picked.forEach((key, side) => {
      const n = lines.findIndex((line) => line.key === key);
      this.casings[side].setAttribute("d", n < 0 ? "" : at.trace(n));
      if (n < 0) return;
      this.svg.insertBefore(this.casings[side], above);
      this.svg.insertBefore(this.drawn.get(key)!, above);
      const label = picked[0] === picked[1] ? (side ? "" : "A B") : "AB"[side];
      for (const end of [0, -1]) {
        const [x, y] = [at.across.at(end)! - 18 - 11 * side, at.paths[n].at(end)! + 3.5];
        this.svg.append(draw("text", { class: `mark ${SIDES[side]}`, x, y }, label));
      }
    });
    const clear = find(this.root, ".clear");
    clear.hidden = !this.brushes.size;
    clear.textContent = `${kept.size} of ${lines.length} kept. Show all again`;
  }

  // --- what the visitor does ---------------------------------------------------------------------

  private kept() {
    return this.data ? listKept(this.data.axes, this.data.lines, this.brushes) : new Set<string>();
  }

  private tellKept() {
    tell("experiments-kept", { keys: this.brushes.size ? [...this.kept()] : null });
  }

  private brush(change: () => void) {
    change();
    this.draw();
    this.tellKept();
  }

  private press(event: PointerEvent) {
    if (event.button !== 0 || !this.at) return;
    const axis = this.at.across.findIndex((x) => Math.abs(x - event.offsetX) <= GRIP);
    this.svg.setPointerCapture(event.pointerId);
    this.grip = { axis, from: event.offsetY, moved: false };
  }

  private move({ offsetX: x, offsetY: y }: PointerEvent) {
    const { at, grip, data } = this;
    if (!at || !data) return;
    if (!grip) return this.light(at.hit(x, y, this.kept())?.key ?? null, false, [x, y]);
    if (grip.axis < 0 || (!grip.moved && Math.abs(y - grip.from) <= SLACK)) return;
    grip.moved = true;
    this.light(null);
    const [one, other] = [at.placeAt(grip.from), at.placeAt(y)];
    const range: [number, number] = [Math.min(one, other), Math.max(one, other)];
    this.brush(() => this.brushes.set(data.axes[grip.axis].name, range));
  }

  private release({ offsetX, offsetY, shiftKey }: PointerEvent) {
    const { grip } = this;
    this.grip = null;
    if (!grip || grip.moved) return;
    const name = this.data?.axes[grip.axis]?.name;
    if (name !== undefined && this.brushes.has(name)) return this.brush(() => this.brushes.delete(name));
    const line = this.at?.hit(offsetX, offsetY, this.kept());
    if (line) this.send("pick", { side: shiftKey ? 0 : 1, key: line.key });
  }

  /** Brings a line out; `told` where another view says so, `place` where the pointer is. */
  private light(key: string | null, told = false, place?: [number, number]) {
    const line = this.data?.lines.find((each) => each.key === key);
    if (key !== this.lit) {
      this.lit = line ? key : null;
      this.svg.style.cursor = line && !told ? "pointer" : "";
      this.mark();
      if (!told) tell("experiment", { key: this.lit, from: this });
    }
    this.tip.hidden = told || !line;
    if (told || !line || !place || !this.at) return;
    const hint = make("small", "", "Click to see it as B, with Shift as A");
    this.tip.replaceChildren(make("b", "", line.name), make("p", "", line.about), hint);
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const [x, y] = place;
    const left = x + 14 + w < this.at.width ? x + 14 : x - 14 - w;
    this.tip.style.transform = `translate(${Math.max(2, left)}px, ${clamp(0, y - h / 2, this.at.height - h)}px)`;
  }
}

export default mount(ParallelCoordinates);
