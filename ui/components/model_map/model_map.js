// The map: nodes are drawn once for a model, placed anew when the panel changes its size, and only
// marked when another is chosen.

const MARGIN = { left: 14, right: 4, top: 2 };
const BAND = { share: 0.25, least: 28, most: 46, foot: 5, head: 16 };
const REACH = 12; // pixels beside a node that still belong to it
const PATIENCE = 10_000; // milliseconds after which the page is right if it disagrees
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };
const GROUP_STEPS = { PageUp: -1, PageDown: 1 };
const maps = new WeakMap();

// Streamlit calls this at every change of data; the map lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!maps.has(parentElement)) maps.set(parentElement, new ModelMap(parentElement));
  const map = maps.get(parentElement);
  map.send = (key) => setTriggerValue("pick", key);
  map.show(data);
  return () => {
    map.stop();
    maps.delete(parentElement);
  };
}

class ModelMap {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.svg = this.find("svg");
    this.curves = new Curves(this.find(".ground"), this.find(".readings"));
    this.choice = new Choice((key) => this.mark(key));
    this.nodes = this.places = this.figures = [];
    this.hovered = this.chosen = -1;
    this.listen();
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(this.svg);
  }

  stop() {
    this.observer.disconnect();
    this.choice.stop();
  }

  show(data) {
    const changed = (name) => {
      const text = JSON.stringify(data[name]);
      const differs = this[`${name}Text`] !== text;
      this[`${name}Text`] = text;
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
  }

  build({ nodes, kinds, groups }) {
    this.hover(-1);
    this.nodes = nodes;
    this.chosen = -1;
    this.figures = nodes.map((node, i) => {
      const group = draw("g", { role: "option", id: `node-${i}`, "aria-selected": "false" });
      group.dataset.layer = node.key;
      group.style.setProperty("--kind", node.color);
      group.append(...["side", "top", "front"].map((face) => draw("polygon", { class: face })));
      return group;
    });
    this.find(".nodes").replaceChildren(...this.figures);
    this.svg.setAttribute("aria-label", `Model map, ${nodes.length} layers from input to output`);
    this.groups = groups.map((text) => draw("text", {}, text));
    this.find(".groups").replaceChildren(...this.groups);
    fillKinds(this.find(".map-kinds"), kinds);
  }

  // What a screen reader says of a node.
  name(i) {
    const { key, label, kind, facts } = this.nodes[i];
    const words = [key, label === key ? "" : label, kind, ...facts, this.curves.read(i)];
    this.figures[i].setAttribute("aria-label", words.filter(Boolean).join(", "));
  }

  place() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (!this.nodes.length || !width || !height) return;
    this.width = width;
    const wanted = Math.min(BAND.most, Math.max(BAND.least, BAND.share * height));
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
      for (const face of this.figures[i].children) face.setAttribute("points", faces[face.classList[0]]);
    });
    const texts = this.placeGroups(foot + LINE);
    this.hover(-1);
    this.curves.place(this.places, band, width, texts);
    this.curves.mark("chosen", this.chosen);
  }

  // A name beneath each group, as long as it does not run into the one before. Returns their boxes.
  placeGroups(y) {
    const boxes = [];
    this.groups.forEach((text, group) => {
      text.style.display = ""; // what is not displayed has no length
      const length = text.getComputedTextLength();
      const start = this.places[this.nodes.findIndex((node) => node.group === group)].x;
      const left = Math.min(start, this.width - 2 - length);
      const fits = !boxes.length || left > boxes.at(-1).right + 6;
      text.style.display = fits ? "" : "none";
      if (!fits) return;
      text.setAttribute("x", left);
      text.setAttribute("y", y);
      boxes.push({ left, right: left + length, top: y - LINE + 2, bottom: y + 2 });
    });
    return boxes;
  }

  mark(key) {
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

  fill() {
    const caption = this.find(".map-caption");
    const hovered = this.hovered >= 0 && this.hovered !== this.chosen;
    const node = this.nodes[hovered ? this.hovered : this.chosen];
    if (node) fillCaption(caption, node, hovered);
    else caption.replaceChildren();
  }

  hover(i) {
    if (i === this.hovered) return;
    this.figures[this.hovered]?.classList.remove("hovered");
    this.hovered = i;
    this.figures[i]?.classList.add("hovered");
    this.svg.classList.toggle("over", i >= 0);
    this.curves.mark("hovered", i);
    placeName(this.find(".map-name"), this.nodes[i], this.places[i], this.width, (box) => this.curves.hides(box));
    this.fill();
  }

  pick(index) {
    const i = Math.min(this.nodes.length - 1, Math.max(0, index));
    if (!this.nodes[i] || i === this.chosen) return;
    const { key } = this.nodes[i];
    this.mark(key); // shown at once; the page follows
    this.choice.expect(key);
    this.send(key);
  }

  listen() {
    const under = (event) => {
      const shape = event.target.closest("[data-layer]");
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

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in STEPS) this.pick(this.chosen + STEPS[event.key]);
    else if (event.key in GROUP_STEPS) this.pick(this.findGroup(GROUP_STEPS[event.key]));
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  // The first node of the next group, or of this one and then of the one before.
  findGroup(step) {
    const starts = this.nodes.map((_, i) => i).filter((i) => !i || ends(this.nodes, i - 1));
    if (step > 0) return starts.find((i) => i > this.chosen) ?? this.nodes.length - 1;
    return starts.findLast((i) => i < this.chosen) ?? 0;
  }
}

// What is chosen, as long as the page has not caught up: an answer to an earlier pick must not take
// back a later one.
class Choice {
  constructor(mark) {
    this.mark = mark;
    this.sent = [];
  }

  expect(key) {
    this.sent.push(key);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settle(), PATIENCE);
  }

  confirm(key, another) {
    const news = another || key !== this.confirmed;
    this.confirmed = key;
    if (!news && this.sent.length) return;
    this.sent = another ? [] : this.sent.slice(this.sent.indexOf(key) + 1 || this.sent.length);
    if (!this.sent.length) this.settle();
  }

  settle() {
    this.stop();
    this.sent = [];
    this.mark(this.confirmed);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
