// The map: nodes are drawn once for a model, placed anew when the panel changes its size, and only
// marked when another is chosen.
import { Choice } from "../base/choice";
import { mount, type Send } from "../base/component";
import { clamp, draw, find } from "../base/elements";
import { isShortcut, STRIDES } from "../base/keys";
import { fillCaption, fillKinds, placeName } from "./captions";
import { type LayerCurve, LayerCurves, LINE, type Rectangle } from "./curves";
import { ends, findColumn, layOut, type Node, type Place, traceFaces } from "./layout";
import "./model_map.css";

const MARGIN = { left: 14, right: 4, top: 2 };
const BAND = { share: 0.25, least: 28, most: 46, foot: 5, head: 16 };
const FACES = ["side", "top", "front"] as const;
const REACH = 12; // pixels beside a node that still belong to it
const GROUP_STRIDES: Record<string, number> = { PageUp: -1, PageDown: 1 };

interface Data {
  nodes: Node[];
  groups: string[];
  kinds: [color: string, name: string][];
  curves: LayerCurve[];
  chosen: string;
}

type Triggers = { pick: string };

class ModelMap {
  private svg: SVGSVGElement;
  private curves: LayerCurves;
  private choice = new Choice("", () => this.mark(this.choice.value));
  private nodes: Node[] = [];
  private places: Place[] = [];
  private figures: SVGGElement[] = [];
  private groups: SVGTextElement[] = [];
  private hovered = -1;
  private chosen = -1;
  private width = 0;
  private texts: Record<string, string> = {};
  private observer = new ResizeObserver(() => this.place());

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.svg = find(root, "svg");
    this.curves = new LayerCurves(find(root, ".ground"), find(root, ".readings"));
    this.listen();
    this.observer.observe(this.svg);
  }

  stop() {
    this.observer.disconnect();
    this.choice.stop();
  }

  show(data: Data) {
    const changed = (name: keyof Data) => {
      const text = JSON.stringify(data[name]);
      const differs = this.texts[name] !== text;
      this.texts[name] = text;
      return differs;
    };
    const another = changed("nodes");
    if (another) this.build(data);
    if (changed("curves") || another) {
      this.curves.show(data.curves);
      this.nodes.forEach((_, i) => this.name(i));
      this.place();
    }
    this.choice.confirm(data.chosen, another);
    this.mark(this.choice.value);
  }

  private build({ nodes, kinds, groups }: Data) {
    this.hover(-1);
    this.nodes = nodes;
    this.chosen = -1;
    this.figures = nodes.map((node, i) => {
      const group = draw("g", { role: "option", id: `node-${i}`, "aria-selected": "false" });
      group.dataset.layer = node.key;
      group.style.setProperty("--kind", node.color);
      group.append(...FACES.map((face) => draw("polygon", { class: face })));
      return group;
    });
    find(this.root, ".nodes").replaceChildren(...this.figures);
    this.svg.setAttribute("aria-label", `Model map, ${nodes.length} layers from input to output`);
    this.groups = groups.map((text) => draw("text", {}, text));
    find(this.root, ".groups").replaceChildren(...this.groups);
    fillKinds(find(this.root, ".map-kinds"), kinds);
  }

  /** What a screen reader says of a node. */
  private name(i: number) {
    const { key, label, kind, facts } = this.nodes[i];
    const words = [key, label === key ? "" : label, kind, ...facts, this.curves.read(i)];
    this.figures[i].setAttribute("aria-label", words.filter(Boolean).join(", "));
  }

  private place() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (!this.nodes.length || !width || !height) return;
    this.width = width;
    const wanted = clamp(BAND.least, BAND.share * height, BAND.most);
    const band = { bottom: height - BAND.foot, top: height - BAND.foot - wanted };
    const foot = this.curves.curves.length ? band.top - BAND.head : height - BAND.foot;
    this.places = layOut(this.nodes, {
      left: MARGIN.left,
      top: MARGIN.top,
      width: width - MARGIN.left - MARGIN.right,
      height: foot - MARGIN.top,
    });
    this.places.forEach((place, i) => {
      const faces = traceFaces(place);
      FACES.forEach((face, n) => this.figures[i].children[n].setAttribute("points", faces[face]));
    });
    const texts = this.placeGroups(foot + LINE);
    this.hover(-1);
    this.curves.place(this.places, band, width, texts);
    this.curves.mark("chosen", this.chosen);
  }

  /** A name beneath each group, as long as it does not run into the one before. Returns their boxes. */
  private placeGroups(y: number) {
    const boxes: Rectangle[] = [];
    this.groups.forEach((text, group) => {
      text.style.display = ""; // what is not displayed has no length
      const length = text.getComputedTextLength();
      const start = this.places[this.nodes.findIndex((node) => node.group === group)].x;
      const left = Math.min(start, this.width - 2 - length);
      const fits = !boxes.length || left > boxes[boxes.length - 1].right + 6;
      text.style.display = fits ? "" : "none";
      if (!fits) return;
      text.setAttribute("x", String(left));
      text.setAttribute("y", String(y));
      boxes.push({ left, right: left + length, top: y - LINE + 2, bottom: y + 2 });
    });
    return boxes;
  }

  private mark(key: string) {
    const index = this.nodes.findIndex((node) => node.key === key);
    if (index === this.chosen) return;
    this.figures[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = index;
    this.figures[index]?.setAttribute("aria-selected", "true");
    if (index < 0) this.svg.removeAttribute("aria-activedescendant");
    else this.svg.setAttribute("aria-activedescendant", `node-${index}`);
    this.curves.mark("chosen", index);
    this.fill();
  }

  private fill() {
    const caption = find(this.root, ".map-caption");
    const hovered = this.hovered >= 0 && this.hovered !== this.chosen;
    const node = this.nodes[hovered ? this.hovered : this.chosen];
    if (node) fillCaption(caption, node, hovered);
    else caption.replaceChildren();
  }

  private hover(i: number) {
    if (i === this.hovered) return;
    this.figures[this.hovered]?.classList.remove("hovered");
    this.hovered = i;
    this.figures[i]?.classList.add("hovered");
    this.svg.classList.toggle("over", i >= 0);
    this.curves.mark("hovered", i);
    placeName(find(this.root, ".map-name"), this.nodes[i], this.places[i], this.width, (box) => this.curves.hides(box));
    this.fill();
  }

  private pick(index: number) {
    const i = clamp(0, index, this.nodes.length - 1);
    if (!this.nodes[i] || i === this.chosen) return;
    const { key } = this.nodes[i];
    this.mark(key); // shown at once; the page follows
    this.choice.make(key);
    this.send("pick", key);
  }

  private listen() {
    const under = (event: MouseEvent) => {
      const shape = (event.target as Element).closest<SVGGElement>("[data-layer]");
      return shape ? this.figures.indexOf(shape) : findColumn(this.places, event.offsetX, REACH);
    };
    this.svg.onpointermove = (event) => event.pointerType !== "touch" && this.hover(under(event));
    this.svg.onpointerleave = () => this.hover(-1);
    this.svg.onclick = (event) => {
      const i = under(event);
      if (i >= 0) this.pick(i);
    };
    this.svg.onkeydown = (event) => this.press(event);
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    if (event.key in STRIDES) this.pick(this.chosen + STRIDES[event.key]);
    else if (event.key in GROUP_STRIDES) this.pick(this.findGroup(GROUP_STRIDES[event.key]));
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  /** The first node of the next group, or of this one and then of the one before. */
  private findGroup(step: number) {
    const starts = this.nodes.map((_, i) => i).filter((i) => !i || ends(this.nodes, i - 1));
    if (step > 0) return starts.find((i) => i > this.chosen) ?? this.nodes.length - 1;
    return starts.findLast((i) => i < this.chosen) ?? 0;
  }
}

export default mount(ModelMap);
