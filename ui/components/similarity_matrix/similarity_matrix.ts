// A heat map of pairs of layers: drawn anew when values, measure or width change; what is pointed at or picked is only
// marked.
import { Choice } from "../base/choice";
import { decode, mount, type Send, type Table } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { ColorScale } from "../base/scale";
import { drawHeat, drawMarks, EDGE, MatrixLayout, type Side } from "./heat";
import { PairValues } from "./pair_values";
import "./similarity_matrix.css";

interface Data {
  arrays: Table;
  measures: { key: string; name: string; title: string; there: boolean }[];
  /** Of the rows and of the columns. */
  sides: [Side, Side];
  n: number;
  /** Keys of the layers on show. */
  pair: string[];
  measure: string;
}

type Triggers = { pick: string[]; measure: string };

class SimilarityMatrix {
  private box: HTMLElement;
  private scroll: HTMLElement;
  private tooltip: HTMLElement;
  private data!: Data;
  private layers = "";
  private all = new Map<string, PairValues>();
  private scale!: ColorScale;
  private layout!: MatrixLayout;
  private values!: PairValues;
  private name = ""; // of the measure
  private cursor = -1;
  private pair = new Choice<string[]>([], () => this.mark());
  private measure = new Choice("", () => this.draw());
  private observer = new ResizeObserver(() => this.resize());

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.box = this.find(".box");
    this.scroll = this.find(".scroll");
    this.tooltip = this.find(".tooltip");
    this.listen();
    this.observer.observe(this.scroll);
  }

  stop() {
    this.observer.disconnect();
    this.pair.stop();
    this.measure.stop();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data: Data) {
    const layers = JSON.stringify(data.sides);
    const another = layers !== this.layers;
    this.data = data;
    this.layers = layers;
    this.pair.confirm(data.pair, another);
    this.measure.confirm(data.measure, another);
    const there = data.measures.filter((each) => each.there);
    this.all = new Map(there.map(({ key }) => [key, new PairValues(data.arrays, key)]));
    this.scale = new ColorScale(decode(data.arrays, "colors", "u1"));
    if (another) this.cursor = -1;
    this.find(".down").textContent = data.sides[0].name;
    this.find(".across").textContent = data.sides[1].name;
    this.find(".count").textContent = `${data.n} samples`;
    this.build();
    this.resize();
  }

  private find<Found extends Element = HTMLElement>(selector: string) {
    return find<Found>(this.root, selector);
  }

  /** The switch between measures; its buttons stay, so that the focus does. */
  private build() {
    const group = this.find(".measures");
    while (group.children.length < this.data.measures.length) group.append(make("button"));
    this.data.measures.forEach(({ key, name, title, there }, i) => {
      const missing = "; not computed for this pair: name it under `comparisons` in params.yaml";
      Object.assign(group.children[i], {
        type: "button",
        textContent: name,
        title: there ? title : title + missing,
        disabled: !there,
        onclick: () => this.change(key),
      });
    });
  }

  private resize() {
    const width = this.scroll.clientWidth;
    if (!this.data || !width) return;
    const [rows, columns] = this.data.sides.map(({ layers }) => layers.length);
    this.layout = new MatrixLayout(rows, columns, width, devicePixelRatio || 1);
    this.box.style.width = `${this.layout.width}px`;
    this.box.style.height = `${this.layout.height}px`;
    this.draw();
  }

  // --- what is seen ------------------------------------------------------------------------------

  private draw() {
    const { measures, sides } = this.data;
    const now = this.measure.value;
    const values = (this.values = this.all.get(now)!);
    this.name = measures.find(({ key }) => key === now)!.name;
    const group = this.find(".measures");
    measures.forEach(({ key }, i) => group.children[i].setAttribute("aria-pressed", String(key === now)));
    drawHeat(this.find(".heat"), this.layout, values, this.scale, sides);
    this.find(".bar").style.background = this.scale.gradient;
    this.find(".chance").hidden = !values.some((i) => values.isByChance(i));
    this.find(".classes").hidden = !values.some((i) => values.isByClasses(i));
    this.find(".repetition").hidden = !values.some((i) => values.isRepetition(i));
    this.find(".undefined").hidden = !values.some((i) => !values.isDefined(i));
    this.mark();
  }

  private get chosen() {
    const [row, column] = this.data.sides.map(({ layers }, side) =>
      layers.findIndex(({ key }) => key === this.pair.value[side]),
    );
    return row < 0 || column < 0 ? -1 : row * this.layout.columns + column;
  }

  private mark() {
    const { chosen } = this;
    drawMarks(this.find(".marks"), this.layout, chosen, this.cursor);
    const told = chosen >= 0 ? this.tell(chosen) : "";
    this.find(".reading .pair").textContent = chosen >= 0 ? this.keysOf(chosen).join(" × ") : "";
    this.find(".reading .figure").textContent = chosen >= 0 ? this.values.text(chosen) : "";
    this.find(".reading").title = told;
    const facts = chosen >= 0 ? this.values.tell(chosen) : [];
    this.find(".facts").replaceChildren(...facts.map((fact) => make("li", "", fact)));
    this.point(this.cursor >= 0 ? this.cursor : chosen);
    const [first, second] = this.data.sides.map(({ name, layers }) => `${layers.length} layers of ${name}`);
    const label = `Similarity by ${this.name} of ${first} with ${second}`;
    this.box.setAttribute("aria-label", told ? `${label}. On show: ${told}` : label);
    this.fillTooltip();
  }

  private keysOf(pair: number) {
    return this.layout.split(pair).map((at, side) => this.data.sides[side].layers[at].key);
  }

  /** For those who do not see the box beside the pair. */
  private tell(pair: number) {
    const figure = `${this.name} ${this.values.text(pair)}`;
    return `${this.keysOf(pair).join(" × ")}: ${[figure, ...this.values.tell(pair)].join(", ")}`;
  }

  /** Where on the scale of colours a pair is. */
  private point(pair: number) {
    const mark = this.find(".scale u");
    mark.hidden = pair < 0 || !this.values.isDefined(pair);
    if (!mark.hidden) mark.style.left = `${100 * Math.max(0, this.values.value[pair])}%`;
    const text = mark.hidden ? "" : `; ${this.values.text(pair)} is marked`;
    this.find(".scale").setAttribute("aria-label", `Colours from 0, dark, to 1, bright${text}`);
  }

  /** Above the cell, or below it where there is no room; never beyond the field. */
  private fillTooltip() {
    const { tooltip, scroll, cursor } = this;
    tooltip.hidden = cursor < 0;
    if (tooltip.hidden) return;
    const line = make("div", "", `${this.name} `);
    line.append(make("b", "", this.values.text(cursor)));
    tooltip.replaceChildren(make("div", "keys", this.keysOf(cursor).join(" × ")), line);
    tooltip.append(...this.values.tell(cursor).map((fact) => make("div", "", fact)));
    const [cellX, cellY, w, h] = this.layout.place(cursor);
    const [x, y] = [cellX + scroll.offsetLeft - scroll.scrollLeft, cellY + scroll.offsetTop];
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const left = clamp(0, x + w / 2 - width / 2, this.find(".field").clientWidth - width);
    const above = y - height - 7;
    const top = above >= 0 ? above : y + h + 7;
    tooltip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  // --- what the visitor does ---------------------------------------------------------------------

  private change(key: string) {
    this.measure.make(key); // shown at once; the page follows
    this.send("measure", key);
    this.draw();
  }

  private hover(pair: number) {
    if (pair === this.cursor) return;
    this.cursor = pair;
    this.mark();
  }

  private pick(pair: number) {
    if (pair < 0 || pair === this.chosen) return;
    const keys = this.keysOf(pair);
    this.pair.make(keys);
    this.send("pick", keys);
    this.mark();
  }

  private listen() {
    const marks = this.find(".marks");
    marks.onpointermove = (event) =>
      event.pointerType !== "touch" && this.hover(this.layout.at(event.offsetX, event.offsetY));
    marks.onpointerleave = () => this.hover(-1);
    marks.onclick = (event) => this.pick(this.layout.at(event.offsetX, event.offsetY));
    this.scroll.onscroll = () => this.fillTooltip();
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.hover(-1);
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const { rows, columns } = this.layout;
    const [row, column] = this.layout.split(Math.max(0, this.cursor >= 0 ? this.cursor : this.chosen));
    const does = {
      ArrowLeft: () => this.go(row, column - 1),
      ArrowRight: () => this.go(row, column + 1),
      ArrowUp: () => this.go(row - 1, column),
      ArrowDown: () => this.go(row + 1, column),
      Home: () => this.go(row, 0),
      End: () => this.go(row, columns - 1),
      PageUp: () => this.go(0, column),
      PageDown: () => this.go(rows - 1, column),
      Enter: () => this.pick(this.cursor),
      " ": () => this.pick(this.cursor),
      Escape: () => this.hover(-1),
    }[event.key];
    if (!does || (event.key === "Escape" && this.cursor < 0)) return;
    does();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  /** The pair becomes the cursor's, is brought into sight and told. */
  private go(row: number, column: number) {
    const { rows, columns, w } = this.layout;
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    this.hover(row * columns + column);
    const [{ scroll }, x] = [this, this.layout.x(column)];
    scroll.scrollLeft = Math.min(x - EDGE, Math.max(x + w - scroll.clientWidth, scroll.scrollLeft));
    this.find(".said").textContent = this.tell(this.cursor);
  }
}

export default mount(SimilarityMatrix);
