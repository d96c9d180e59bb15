// A scatter plot on two canvases: all points, and what changes under the pointer. Positions are kept in
// a unit box, so that zoom means the same for every layer and points can move to the next layout.

const REACH = 14; // pixels from the pointer within which a point is hit
const TRAVEL = 450; // milliseconds that points take to their new places
const ZOOM = [0.7, 60];
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const plots = new WeakMap();

// Streamlit calls this at every change of data; the plot lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!plots.has(parentElement)) plots.set(parentElement, new Plot(parentElement));
  const plot = plots.get(parentElement);
  plot.send = (uid) => setTriggerValue("pin", uid);
  plot.show(data);
  return () => {
    plot.stop();
    plots.delete(parentElement);
  };
}

class Plot {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.box = this.find(".plot");
    this.marks = this.find(".marks");
    this.tooltip = new Tooltip(this.find(".tooltip"), this.box);
    this.zoom = { k: 1, x: 0, y: 0 };
    this.hovered = this.pinned = -1;
    this.lit = null; // the class that the legend brings out, for a moment or for good
    this.kept = null;
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
  }

  stop() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    removeEventListener("layerscope:thumbnails", this.onThumbnails);
  }

  show(data) {
    const moves = this.data?.family === data.family;
    const target = normalize(decode(data.arrays, "positions", Float32Array));
    this.labels = decode(data.arrays, "labels", Int32Array);
    this.predicted = decode(data.arrays, "predicted", Int32Array);
    this.correct = decode(data.arrays, "correct", Int32Array);
    const same = moves && target.at.every((v, i) => v === this.target.at[i]);
    this.data = data;
    this.pinned = data.pinned;
    if (!moves) {
      this.zoom = { k: 1, x: 0, y: 0 };
      this.hovered = -1;
      this.kept = this.lit = null;
      this.fillLegend();
    }
    if (!same) {
      this.source = moves && !calm.matches ? { at: this.at.slice(), half: this.half } : target;
      this.target = target;
      this.began = performance.now();
    }
    this.box.setAttribute("aria-label", `Scatter plot of ${this.labels.length} samples`);
    this.resize();
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!this.data || !width || !height) return;
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.find(".points"), this.marks]) {
      canvas.width = width * ratio;
      canvas.height = height * ratio;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    Object.assign(this, { width, height, ratio });
    this.makeSprites();
    this.advance(performance.now());
  }

  // One picture of a mark per class: stamping it is faster than drawing paths.
  makeSprites() {
    const n = this.labels.length;
    const base = n <= 150 ? 5.5 : n <= 2000 ? 3.8 : 2.5;
    this.radius = base * Math.min(2, this.zoom.k ** 0.25);
    const side = Math.ceil(this.radius * 2 + 6);
    const stamp = ([color, shape]) => makeSprite(color, shape, this.radius, side, this.ratio);
    this.sprites = this.data.marks.map(stamp);
    this.side = side;
  }

  // One frame of the way from `source` to `target`, then the next until it is done.
  advance(now) {
    cancelAnimationFrame(this.frame);
    const t = Math.min(1, Math.max(0, (now - this.began) / TRAVEL));
    const ease = t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
    const { source, target } = this;
    const done = t === 1 || source === target;
    this.at = done ? target.at : target.at.map((v, i) => source.at[i] + (v - source.at[i]) * ease);
    this.half = done ? target.half : target.half.map((h, i) => source.half[i] + (h - source.half[i]) * ease);
    this.draw();
    if (!done) this.frame = requestAnimationFrame((next) => this.advance(next));
  }

  scale() {
    const margin = 26;
    const fits = [(this.width / 2 - margin) / this.half[0], (this.height / 2 - margin) / this.half[1]];
    return Math.max(1, Math.min(...fits)) * this.zoom.k; // one scale for both axes keeps the aspect
  }

  place(i) {
    const s = this.scale();
    return [
      this.width / 2 + this.zoom.x + this.at[2 * i] * s,
      this.height / 2 + this.zoom.y - this.at[2 * i + 1] * s,
    ];
  }

  draw() {
    const ink = this.find(".points").getContext("2d");
    ink.clearRect(0, 0, this.width, this.height);
    const lit = this.lit ?? this.kept;
    const stamp = (i) => {
      const [x, y] = this.place(i);
      ink.drawImage(this.sprites[this.labels[i]], x - this.side / 2, y - this.side / 2, this.side, this.side);
    };
    ink.globalAlpha = lit === null ? 0.92 : 0.1;
    this.labels.forEach((label, i) => label !== lit && stamp(i));
    ink.globalAlpha = 1;
    if (lit !== null) this.labels.forEach((label, i) => label === lit && stamp(i));
    const { k, x, y } = this.zoom;
    this.find(".reset").classList.toggle("needed", k !== 1 || x !== 0 || y !== 0);
    this.drawMarks();
  }

  drawMarks() {
    const ink = this.marks.getContext("2d");
    ink.clearRect(0, 0, this.width, this.height);
    const ring = (i, width, color, gap) => {
      ink.beginPath();
      ink.arc(...this.place(i), this.radius + gap, 0, 7);
      ink.lineWidth = width;
      ink.strokeStyle = color;
      ink.stroke();
    };
    if (this.pinned >= 0) {
      const neighbors = this.pinned === this.data.pinned ? this.data.neighbors : [];
      ink.lineWidth = 1;
      ink.strokeStyle = "#ffffff59";
      for (const other of neighbors) {
        ink.beginPath();
        ink.moveTo(...this.place(this.pinned));
        ink.lineTo(...this.place(other));
        ink.stroke();
      }
      const [x, y] = this.place(this.pinned);
      const sprite = this.sprites[this.labels[this.pinned]];
      ink.drawImage(sprite, x - this.side / 2, y - this.side / 2, this.side, this.side);
      ring(this.pinned, 4, BACKGROUND, 4);
      ring(this.pinned, 2, "#ffffff", 4);
    }
    if (this.hovered >= 0) ring(this.hovered, 1.5, "#ffb454", 3);
    this.fillTooltip();
  }

  hover(i) {
    if (i === this.hovered) return;
    this.hovered = i;
    this.marks.classList.toggle("over", i >= 0);
    this.drawMarks();
  }

  pin(i) {
    this.pinned = i; // shown at once; the page follows
    this.drawMarks();
    this.send(i);
  }

  fillTooltip() {
    const i = this.hovered;
    if (i < 0) return this.tooltip.hide();
    this.tooltip.show(this.place(i), this.radius, {
      uid: i,
      family: this.data.family,
      true: this.data.classes[this.labels[i]],
      predicted: this.data.outputs[this.predicted[i]],
      correct: this.correct[i],
    });
  }

  fillLegend() {
    const counts = this.data.classes.map(() => 0);
    this.labels.forEach((label) => counts[label]++);
    const light = (label) => {
      this.lit = label;
      this.draw();
    };
    const keep = (label) => {
      this.kept = this.kept === label ? null : label;
      this.draw();
      return this.kept;
    };
    const { classes, marks } = this.data;
    this.find(".legend").replaceChildren(...buildLegend(classes, marks, counts, light, keep));
  }

  nearest(x, y, reach, cost = (dx, dy) => Math.hypot(dx, dy)) {
    let best = -1;
    const lit = this.kept;
    for (let i = 0; i < this.labels.length; i++) {
      if (lit !== null && this.labels[i] !== lit) continue;
      const [px, py] = this.place(i);
      const found = cost(px - x, py - y, i);
      if (found < reach) [reach, best] = [found, i];
    }
    return best;
  }

  // To the nearest point in a direction; what lies off to the side counts as farther away.
  step([ux, uy]) {
    const from = this.hovered >= 0 ? this.hovered : this.pinned;
    const start = from >= 0 ? this.place(from) : [this.width / 2, this.height / 2];
    const cost = (dx, dy, i) => {
      const along = dx * ux + dy * uy;
      const aside = Math.abs(dx * uy - dy * ux);
      return i === from || along <= 0 || aside > 2 * along ? Infinity : along + 2 * aside;
    };
    const next = this.nearest(...start, Infinity, from >= 0 ? cost : undefined);
    if (next >= 0) this.hover(next);
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const k = Math.min(ZOOM[1], Math.max(ZOOM[0], this.zoom.k * factor));
    const f = k / this.zoom.k; // the point under the pointer stays there
    const keep = (pointer, half, offset) => (pointer - half) * (1 - f) + offset * f;
    this.zoom = { k, x: keep(x, this.width / 2, this.zoom.x), y: keep(y, this.height / 2, this.zoom.y) };
    this.makeSprites();
    this.draw();
  }

  reset() {
    this.zoom = { k: 1, x: 0, y: 0 };
    this.makeSprites();
    this.draw();
  }

  listen() {
    let grip = null; // where a drag began
    const at = (event) => [event.offsetX, event.offsetY];
    this.marks.onpointerdown = (event) => {
      if (event.button !== 0) return;
      this.marks.setPointerCapture(event.pointerId);
      grip = { from: at(event), offset: { ...this.zoom }, moved: false };
    };
    this.marks.onpointermove = (event) => {
      const [x, y] = at(event);
      const [dx, dy] = grip ? [x - grip.from[0], y - grip.from[1]] : [0, 0];
      if (grip && (grip.moved ||= Math.hypot(dx, dy) > 4)) {
        this.marks.classList.add("dragged");
        this.hovered = -1;
        this.zoom = { ...this.zoom, x: grip.offset.x + dx, y: grip.offset.y + dy };
        this.draw();
      } else this.hover(this.nearest(x, y, REACH));
    };
    this.marks.onpointerup = (event) => {
      this.marks.classList.remove("dragged");
      const hit = this.nearest(...at(event), REACH);
      if (grip && !grip.moved && hit >= 0 && hit !== this.pinned) this.pin(hit);
      grip = null;
    };
    this.marks.onpointercancel = () => (grip = null);
    this.marks.onpointerleave = () => this.hover(-1);
    this.marks.ondblclick = () => this.reset();
    this.find(".reset").onclick = () => this.reset();
    const wheel = (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...at(event));
      this.hover(this.nearest(...at(event), REACH));
    };
    this.marks.addEventListener("wheel", wheel, { passive: false });
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.hover(-1);
    this.onThumbnails = () => this.fillTooltip();
    addEventListener("layerscope:thumbnails", this.onThumbnails);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.box) return;
    const { key } = event;
    if (key in DIRECTIONS) this.step(DIRECTIONS[key]);
    else if (key === "Enter" && this.hovered >= 0) this.pin(this.hovered);
    else if (key === "Escape") this.pin(-1);
    else if (key === "+" || key === "=") this.zoomBy(1.3);
    else if (key === "-") this.zoomBy(1 / 1.3);
    else if (key === "0") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
