// Lines over axes. Dragging along an axis keeps the lines that cross there; pointing at a line lights it
// up, here and in the table; a click picks it.
const SVG = "http://www.w3.org/2000/svg";
const [TOP, BOTTOM] = [8, 20]; // room above and below the axes, in pixels
const REACH = 9; // pixels from the pointer within which a line is hit
const GRIP = 11; // pixels at both sides of an axis where it is brushed
const FAN = 14; // pixels over which lines through one value are spread
const SLACK = 3; // pixels that a click may slip
const plots = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!plots.has(parentElement)) plots.set(parentElement, new Lines(parentElement));
  const plot = plots.get(parentElement);
  plot.send = setTriggerValue;
  plot.show(data);
  return () => {
    plot.stop();
    plots.delete(parentElement);
  };
}

function make(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

function write(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

class Lines {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.svg = this.find("svg");
    this.tip = this.find(".tip");
    this.brushes = new Map(); // axis name -> [low, high], from 0 to 1
    this.lit = null;
    this.svg.onpointerdown = (event) => this.press(event);
    this.svg.onpointermove = (event) => this.move(event);
    this.svg.onpointerup = (event) => this.release(event);
    this.svg.onpointercancel = () => (this.grip = null);
    this.svg.onpointerleave = () => !this.grip && this.light(null);
    this.find(".clear").onclick = () => this.brush(() => this.brushes.clear());
    this.heard = ({ detail }) => detail.from !== this && this.light(detail.key, true);
    addEventListener("layerscope:experiment", this.heard);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.svg);
  }

  stop() {
    removeEventListener("layerscope:experiment", this.heard);
    this.observer.disconnect();
    dispatchEvent(new CustomEvent("layerscope:experiments-kept", { detail: { keys: null } }));
  }

  show(data) {
    this.data = data;
    const names = new Set(data.axes.map((axis) => axis.name));
    for (const name of [...this.brushes.keys()]) if (!names.has(name)) this.brushes.delete(name);
    const heads = this.find(".heads");
    heads.style.gridTemplateColumns = `repeat(${data.axes.length}, minmax(0, 1fr))`;
    heads.replaceChildren(
      ...data.axes.map(({ name, measured }) => {
        const head = write("span", measured ? "measured" : "", "");
        const at = name.lastIndexOf(".");
        head.title = name;
        if (at > 0) head.append(write("small", "", name.slice(0, at)));
        head.append(name.slice(at + 1).replaceAll("_", " "));
        return head;
      }),
    );
    this.draw();
    this.tellKept();
  }

  // --- drawing -----------------------------------------------------------------------------------

  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (!this.data || !width || !height) return;
    const { axes, lines } = this.data;
    Object.assign(this, { width, height });
    this.across = axes.map((_, i) => ((i + 0.5) * width) / axes.length);
    this.down = (place) => TOP + (1 - place) * (height - TOP - BOTTOM);
    this.paths = lines.map((line) => this.spread(line));
    const content = [];
    axes.forEach((axis, i) => content.push(...this.drawAxis(axis, i)));
    this.drawn = new Map();
    this.casings = ["a", "b"].map((side) => make("path", { class: `casing ${side}` }));
    content.push(...this.casings);
    lines.forEach((line, n) => {
      const path = make("path", { class: "line", d: this.trace(this.paths[n]), stroke: line.color });
      path.dataset.key = line.key;
      this.drawn.set(line.key, path);
      content.push(path);
    });
    axes.forEach((axis, i) => content.push(...this.drawTicks(axis, i)));
    this.svg.replaceChildren(...content);
    this.mark();
  }

  // Lines through one value of a parameter would cover each other: they are fanned out a little.
  spread(line) {
    const { axes, lines } = this.data;
    return axes.map((axis, i) => {
      const place = line.places[i];
      if (place === null) return this.height - 5;
      if (axis.measured) return this.down(place);
      const there = lines.filter((each) => each.places[i] === place);
      const room = Math.min(FAN, 2.5 * (there.length - 1));
      const rank = there.length > 1 ? there.indexOf(line) / (there.length - 1) - 0.5 : 0;
      return this.down(place) + rank * room;
    });
  }

  trace(ys) {
    const points = ys.map((y, i) => `${this.across[i].toFixed(1)} ${y.toFixed(1)}`);
    return `M ${points.join(" L ")}`;
  }

  drawAxis(axis, i) {
    const x = this.across[i];
    const parts = [make("line", { class: "axis", x1: x, x2: x, y1: TOP - 4, y2: this.height - BOTTOM + 4 })];
    if (this.data.lines.some((line) => line.places[i] === null)) {
      parts.push(make("text", { class: "tick", x: x + 5, y: this.height - 2 }, "none"));
    }
    const range = this.brushes.get(axis.name);
    if (range) {
      const [low, high] = range.map((place) => this.down(place));
      parts.push(make("rect", { class: "brush", x: x - 7, width: 14, y: high - 3, height: low - high + 6, rx: 3 }));
    }
    const handle = make("rect", { class: "handle", x: x - GRIP, width: 2 * GRIP, y: 0, height: this.height });
    handle.append(make("title", {}, `Drag along ${axis.name} to keep a part of it, click to keep all`));
    parts.push(handle);
    return parts;
  }

  drawTicks(axis, i) {
    return axis.ticks.map(([place, text]) => make("text", { class: "tick", x: this.across[i] + 6, y: this.down(place) + 3.5 }, text));
  }

  mark() {
    const kept = this.kept();
    const { lines, picked } = this.data;
    for (const line of lines) {
      const path = this.drawn.get(line.key);
      const [isLit, isPicked] = [line.key === this.lit, picked.includes(line.key)];
      path.classList.toggle("out", !kept.has(line.key));
      path.classList.toggle("back", this.lit !== null && !isLit && !isPicked);
      path.classList.toggle("lit", isLit);
      path.classList.toggle("picked", isPicked);
      if (isLit) path.parentNode.insertBefore(path, this.svg.querySelector(".tick"));
    }
    // The two that are looked at lie on top, each in the colour of its letter.
    picked.forEach((key, side) => {
      const n = lines.findIndex((line) => line.key === key);
      const casing = this.casings[side];
      casing.setAttribute("d", n < 0 ? "" : this.trace(this.paths[n]));
      if (n < 0) return;
      const above = this.svg.querySelector(".tick");
      this.svg.insertBefore(casing, above);
      this.svg.insertBefore(this.drawn.get(key), above);
    });
    for (const each of this.svg.querySelectorAll(".mark")) each.remove();
    const last = this.across.length - 1;
    picked.forEach((key, side) => {
      const n = lines.findIndex((line) => line.key === key);
      if (n < 0) return;
      const label = picked[0] === picked[1] ? (side ? "" : "A B") : "AB"[side];
      const y = this.paths[n][0] + 3.5;
      const kind = `mark ${"ab"[side]}`;
      this.svg.append(make("text", { class: kind, x: this.across[0] - 18 - 11 * side, y }, label));
      this.svg.append(make("text", { class: kind, x: this.across[last] - 18 - 11 * side, y: this.paths[n][last] + 3.5 }, label));
    });
    const clear = this.find(".clear");
    clear.hidden = !this.brushes.size;
    clear.textContent = `${kept.size} of ${lines.length} kept. Show all again`;
  }

  // --- what the visitor does ---------------------------------------------------------------------

  kept() {
    const { axes, lines } = this.data;
    const inside = (line) =>
      axes.every(({ name }, i) => {
        const range = this.brushes.get(name);
        const place = line.places[i];
        return !range || (place !== null && place >= range[0] - 1e-9 && place <= range[1] + 1e-9);
      });
    return new Set(lines.filter(inside).map((line) => line.key));
  }

  tellKept() {
    const keys = this.brushes.size ? [...this.kept()] : null;
    dispatchEvent(new CustomEvent("layerscope:experiments-kept", { detail: { keys } }));
  }

  brush(change) {
    change();
    this.draw();
    this.tellKept();
  }

  // The axis whose grip is under the pointer, or -1.
  axisAt(x) {
    return this.across.findIndex((at) => Math.abs(at - x) <= GRIP);
  }

  placeAt(y) {
    return Math.min(1, Math.max(0, 1 - (y - TOP) / (this.height - TOP - BOTTOM)));
  }

  press(event) {
    if (event.button !== 0 || !this.across) return;
    const { offsetX: x, offsetY: y } = event;
    const axis = this.axisAt(x);
    this.svg.setPointerCapture(event.pointerId);
    this.grip = { axis, from: y, moved: false };
  }

  move(event) {
    if (!this.across) return;
    const { offsetX: x, offsetY: y } = event;
    if (!this.grip) return this.light(this.hit(x, y), false, [x, y]);
    const { axis, from } = this.grip;
    if (axis < 0 || (!this.grip.moved && Math.abs(y - from) <= SLACK)) return;
    this.grip.moved = true;
    this.light(null);
    const ends = [this.placeAt(from), this.placeAt(y)].sort((a, b) => a - b);
    this.brush(() => this.brushes.set(this.data.axes[axis].name, ends));
  }

  release(event) {
    const { grip } = this;
    this.grip = null;
    if (!grip || grip.moved) return;
    const { offsetX: x, offsetY: y } = event;
    const name = this.data.axes[grip.axis]?.name;
    if (this.brushes.has(name)) return this.brush(() => this.brushes.delete(name));
    const key = this.hit(x, y);
    if (key !== null) this.send("pick", { side: event.shiftKey ? 0 : 1, key });
  }

  // The line that passes nearest to a place, of those that are kept.
  hit(x, y) {
    const { lines } = this.data;
    const kept = this.kept();
    let [best, least] = [null, REACH];
    const right = this.across.findIndex((at) => at > x);
    if (right <= 0) return null; // outside the axes
    const [from, to] = [this.across[right - 1], this.across[right]];
    const t = (x - from) / (to - from);
    this.paths.forEach((ys, n) => {
      const slope = (ys[right] - ys[right - 1]) / (to - from);
      const at = ys[right - 1] + t * (ys[right] - ys[right - 1]);
      const distance = Math.abs(at - y) / Math.hypot(1, slope);
      if (kept.has(lines[n].key) && distance < least) [best, least] = [lines[n].key, distance];
    });
    return best;
  }

  light(key, told = false, place = null) {
    const known = this.data?.lines.find((line) => line.key === key);
    if (key !== this.lit) {
      this.lit = known ? key : null;
      this.svg.style.cursor = known && !told ? "pointer" : "";
      if (this.drawn) this.mark();
      if (!told) dispatchEvent(new CustomEvent("layerscope:experiment", { detail: { key: this.lit, from: this } }));
    }
    this.tip.hidden = told || !known;
    if (this.tip.hidden || !place) return;
    const hint = write("small", "", "Click to see it as B, with Shift as A");
    this.tip.replaceChildren(write("b", "", known.name), write("p", "", known.about), hint);
    const { offsetWidth: w, offsetHeight: h } = this.tip;
    const [x, y] = place;
    const left = x + 14 + w < this.width ? x + 14 : x - 14 - w;
    this.tip.style.transform = `translate(${Math.max(2, left)}px, ${Math.min(Math.max(0, y - h / 2), this.height - h)}px)`;
  }
}
