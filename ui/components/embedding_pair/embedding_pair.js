// Two plots of the same samples. Pointing at a sample in one marks it in both, joined to the ones that
// are nearest to it where it is pointed at: in the other plot the same ones show where they went.
const COLUMNS = {
  positions0: Float32Array,
  positions1: Float32Array,
  nearest0: Int32Array,
  nearest1: Int32Array,
  groups: Int32Array,
  labels: Int32Array,
  shared: Float32Array,
  predicted: Int32Array,
  correct: Int8Array,
  confidence: Float32Array,
};
const pairs = new WeakMap();

// Streamlit calls this at every change of data; the pair lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!pairs.has(parentElement)) pairs.set(parentElement, new Pair(parentElement));
  const pair = pairs.get(parentElement);
  pair.send = setTriggerValue;
  pair.show(data);
  return () => {
    pair.stop();
    pairs.delete(parentElement);
  };
}

class Pair {
  constructor(root) {
    this.root = root.querySelector(".pair");
    this.told = root.querySelector(".told");
    this.sides = [...root.querySelectorAll(".plot")].map((box, number) => new Side(this, box, number));
    this.pinned = new Choice(-1, () => this.mark());
    this.hovered = -1;
    this.at = 0; // the side that is pointed at
    this.only = []; // entries of the legend that are kept
    this.lit = null;
    this.legend = new Legend(root.querySelector(".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.keep(group),
      clear: () => this.keep(null),
    });
    const heard = {
      "layerscope:thumbnails": () => this.sides.forEach((side) => side.fetchPicture()),
      "layerscope:sample": ({ detail }) => detail.family === this.data?.family && this.hover(this.at, detail.uid ?? -1),
    };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    this.stop = () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
      for (const side of this.sides) side.stop();
      this.pinned.stop();
    };
  }

  show(data) {
    const another = this.data?.family !== data.family;
    const recolored = this.data?.coloring.title !== data.coloring.title;
    this.data = data;
    this.columns = Object.fromEntries(
      Object.entries(COLUMNS).map(([name, Type]) => [name, decode(data.arrays, name, Type)]),
    );
    this.pinned.confirm(data.pinned, another);
    if (another) this.hovered = -1;
    if (another || recolored) this.only = [];
    this.lit = null;
    this.root.classList.toggle("plain", !data.outputs);
    for (const side of this.sides) side.show(data, this.columns[`positions${side.number}`], another);
    this.root.dataset.shown = 1 + Number(this.root.dataset.shown ?? 0); // pairs drawn so far
    this.recast();
  }

  // Who is in colour has changed.
  recast() {
    const { groups } = this.columns;
    const { coloring } = this.data;
    const kept = coloring.ends ? [] : this.only;
    const faded = new Uint8Array(groups.length);
    for (const side of this.sides) side.stage.cast.assign({ groups, faded, only: kept, lassoed: [], lit: this.lit });
    const totals = coloring.entries.map(() => 0);
    for (const group of groups) totals[group]++;
    this.legend.show(coloring, totals, totals, kept);
    this.mark();
    for (const side of this.sides) side.invalidate();
  }

  light(group) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  keep(group) {
    if (group === null) this.only = [];
    else if (this.only.includes(group)) this.only = this.only.filter((each) => each !== group);
    else this.only = [...this.only, group];
    this.recast();
  }

  // The sample that both plots mark, and the others it is joined to.
  get marked() {
    const i = this.hovered >= 0 ? this.hovered : this.pinned.value;
    if (i < 0 || i >= this.columns.groups.length) return { i: -1, near: [] };
    const k = this.data.neighbors;
    return { i, near: [...this.columns[`nearest${this.at}`].slice(i * k, (i + 1) * k)] };
  }

  hover(side, i) {
    if (i >= (this.columns?.groups.length ?? 0) || (i === this.hovered && side === this.at)) return;
    if (i < 0 && side !== this.at) return; // the pointer has gone to the other plot already
    this.hovered = i;
    if (i >= 0) this.at = side;
    this.mark();
  }

  mark() {
    const { i } = this.marked;
    this.root.dataset.marked = i;
    for (const side of this.sides) side.askFrame();
    this.tell(i);
  }

  tell(i) {
    if (i < 0) {
      this.told.textContent = "Point at a sample: lines join it to its ten nearest there, and show where these are in the other plot.";
      return;
    }
    const k = this.data.neighbors;
    const of = (side) => new Set(this.columns[`nearest${side}`].slice(i * k, (i + 1) * k));
    const [one, other] = [of(0), of(1)];
    const common = [...one].filter((each) => other.has(each)).length;
    const count = make("b", "", `${common} of ${k}`);
    const share = make("b", "", this.columns.shared[i].toFixed(2));
    this.told.replaceChildren(`Sample ${String(i).padStart(4, "0")}: `, count, " nearest in both, Jaccard ", share);
  }

  describe(i) {
    const { labels, predicted, correct, confidence } = this.columns;
    return {
      uid: i,
      family: this.data.family,
      true: this.data.classes[labels[i]],
      predicted: this.data.outputs?.[predicted[i]] ?? "",
      correct: correct[i],
      confidence: confidence[i],
    };
  }

  pin(i) {
    this.pinned.make(i);
    this.send("pin", i);
    this.mark();
  }
}

// One of the plots, as the pointer finds it.
class Side {
  constructor(pair, box, number) {
    Object.assign(this, { pair, box, number, tool: null, line: [] });
    const [points, marks] = box.querySelectorAll("canvas");
    this.stage = new Stage(points, marks);
    this.surface = marks;
    this.tooltip = new Tooltip(box);
    followPointer(this, marks);
    box.onkeydown = (event) => this.press(event);
    box.onblur = () => this.hover(-1);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(box);
  }

  stop() {
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  show(data, positions, another) {
    this.stage.show(data.coloring.entries, positions, another);
    this.box.setAttribute("aria-label", `${data.names[this.number]}: scatter plot of ${this.stage.n} samples`);
    this.fetchPicture();
  }

  fetchPicture() {
    const sheet = window.layerscopeThumbnails;
    const there = this.pair.data && sheet?.family === this.pair.data.family;
    this.box.querySelector(".warm").style.backgroundImage = there ? `url(${sheet.url})` : "none";
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    this.stage.resize(width, height);
    if (this.pair.data) this.redraw(performance.now());
  }

  invalidate() {
    this.stale = true;
    this.askFrame();
  }

  askFrame() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      if (!this.pair.data || !this.stage.ready) return;
      if (this.stale) this.redraw(now);
      else this.drawMarks();
    });
  }

  redraw(now) {
    this.stale = false;
    const moves = this.stage.paint(now);
    this.drawMarks();
    if (moves) this.invalidate();
  }

  drawMarks() {
    const { i, near } = this.pair.marked;
    const hovered = this.pair.hovered;
    this.stage.look();
    this.stage.mark({ pinned: i, neighbors: near, hovered, line: [] });
    this.box.dataset.place = i >= 0 ? this.stage.place(i).map(Math.round).join() : "";
    if (hovered < 0 || this.pair.at !== this.number) return this.tooltip.hide();
    const sample = { ...this.pair.describe(hovered), color: this.stage.entry(hovered).color };
    this.tooltip.show(this.stage.place(hovered), this.stage.girth, sample);
  }

  point(x, y) {
    if (!this.pair.data || !this.stage.ready) return;
    this.stage.camera.finish();
    this.hover(this.stage.hit(x, y));
  }

  hover(i) {
    this.surface.classList.toggle("over", i >= 0);
    this.pair.hover(this.number, i);
  }

  click(x, y) {
    const i = this.stage.hit(x, y);
    const { value } = this.pair.pinned;
    if (i >= 0 || value >= 0) this.pair.pin(i === value ? -1 : i);
  }

  pan(pose) {
    this.stage.camera.set(pose);
    this.invalidate();
  }

  zoomBy(factor) {
    const { camera } = this.stage;
    camera.glide(camera.zoom(factor));
    this.invalidate();
  }

  reset() {
    this.stage.camera.glide({ k: 1, x: 0, y: 0 });
    this.invalidate();
  }

  draw() {} // no lasso here
  enclose() {}

  press(event) {
    if (isShortcut(event)) return;
    const { key } = event;
    const { hovered, pinned } = this.pair;
    if (key in STEPS) {
      const next = this.stage.next(this.pair.marked.i, STEPS[key]);
      if (next >= 0) this.hover(next);
    } else if (key === "Enter" && hovered >= 0) this.pair.pin(hovered);
    else if (key === "Escape" && pinned.value >= 0) this.pair.pin(-1);
    else if (key === "+" || key === "=") this.zoomBy(1.5);
    else if (key === "-") this.zoomBy(1 / 1.5);
    else if (key === "0") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
