// A scatter plot on two canvases: all samples, and what changes under the pointer.
const COLUMNS = {
  positions: Float32Array,
  groups: Int32Array,
  faded: Uint8Array,
  labels: Int32Array,
  predicted: Int32Array,
  correct: Int8Array,
  confidence: Float32Array,
};
const TRIGGERS = { pinned: "pin", only: "only", lassoed: "lasso", pictures: "pictures" };
const plots = new WeakMap();

// Streamlit calls this at every change of data; the plot lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!plots.has(parentElement)) plots.set(parentElement, new Plot(parentElement));
  const plot = plots.get(parentElement);
  plot.send = setTriggerValue;
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
    this.stage = new Stage(this.find(".points"), this.find(".marks"));
    this.tooltip = new Tooltip(this.box);
    const choice = (value) => new Choice(value, () => this.recast());
    this.choices = { pinned: choice(-1), only: choice([]), lassoed: choice([]), pictures: choice(false) };
    this.legend = new Legend(this.find(".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.keep(group),
      clear: () => this.choose("only", []),
    });
    this.hovered = -1;
    this.lit = null; // the group that the legend brings out for the moment
    this.tool = null;
    this.line = []; // of a lasso that is being drawn
    this.listen();
  }

  listen() {
    const clicked = {
      ".tools .pictures": () => this.togglePictures(),
      ".tools .lasso": () => this.toggleLasso(),
      ".tools .in": () => this.zoomBy(1.5),
      ".tools .out": () => this.zoomBy(1 / 1.5),
      ".tools .reset": () => this.reset(),
      ".caught button": () => this.choose("lassoed", []),
    };
    for (const [name, act] of Object.entries(clicked)) this.find(name).onclick = act;
    this.find(".tools .pictures").onpointerenter = () => this.fetchAlbum(true);
    followPointer(this, this.find(".marks"));
    this.box.onkeydown = (event) => pressKey(this, event);
    this.box.onblur = () => this.hover(-1);
    const heard = {
      keydown: (event) => pressAnywhere(this, event),
      "layerscope:thumbnails": () => this.fetchPictures(),
      "layerscope:sample": ({ detail }) => detail.family === this.data?.family && this.hover(detail.uid ?? -1),
    };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
    this.stop = () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
      for (const each of Object.values(this.choices)) each.stop();
      this.observer.disconnect();
      cancelAnimationFrame(this.frame);
      this.dropAlbum();
    };
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data) {
    const another = this.data?.family !== data.family;
    const columns = Object.entries(COLUMNS).map(([name, Type]) => [name, decode(data.arrays, name, Type)]);
    this.columns = Object.fromEntries(columns);
    this.data = data;
    for (const [name, choice] of Object.entries(this.choices)) choice.confirm(data[name], another);
    if (another) {
      this.dropAlbum();
      this.hovered = -1;
      this.line = [];
    }
    this.lit = null;
    this.stage.show(data.coloring.entries, this.columns.positions, another);
    this.box.setAttribute("aria-label", `Scatter plot of ${this.stage.n} samples`);
    this.box.dataset.shown = 1 + Number(this.box.dataset.shown ?? 0); // views drawn so far
    this.recast();
    this.fetchPictures();
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    this.stage.resize(width, height);
    if (this.data) this.redraw(performance.now()); // a canvas is empty when its size has changed
  }

  fetchPictures() {
    if (!this.data) return;
    const sheet = window.layerscopeThumbnails;
    const there = sheet?.family === this.data.family;
    this.find(".warm").style.backgroundImage = there ? `url(${sheet.url})` : "none";
    if (this.hovered >= 0) this.fillTooltip();
    this.fetchAlbum();
  }

  // As pixels, when they are wanted for the first time; until then there are points.
  async fetchAlbum(ahead = false) {
    const { family } = this.data;
    if (!(ahead || this.choices.pictures.value) || this.album || this.fetching === family) return;
    this.fetching = family;
    const album = await Album.open(family);
    this.fetching = null;
    if (this.data.family !== family) return album?.close();
    this.album = album;
    this.recast();
  }

  dropAlbum() {
    this.album?.close();
    this.album = this.stage.album = null;
  }

  // --- what the visitor chooses ------------------------------------------------------------------

  choose(name, value) {
    this.choices[name].make(value); // shown at once; the page follows
    this.send(TRIGGERS[name], value);
    this.recast();
  }

  pin(i) {
    this.choose("pinned", i);
  }

  keep(group) {
    const only = this.choices.only.value;
    const next = only.includes(group) ? only.filter((each) => each !== group) : [...only, group];
    this.choose("only", next.sort((a, b) => a - b));
  }

  togglePictures() {
    this.choose("pictures", !this.choices.pictures.value);
    this.fetchAlbum();
  }

  toggleLasso() {
    this.tool = this.tool === "lasso" ? null : "lasso";
    this.find(".tools .lasso").setAttribute("aria-pressed", String(this.tool === "lasso"));
    this.box.classList.toggle("lassoing", this.tool === "lasso");
  }

  escape() {
    if (this.line.length) this.line = [];
    else if (this.choices.lassoed.value.length) this.choose("lassoed", []);
    else if (this.choices.pinned.value >= 0) this.pin(-1);
    else if (this.tool) this.toggleLasso();
    this.invalidate();
  }

  light(group) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  // --- drawing -----------------------------------------------------------------------------------

  // Who plays which part has changed.
  recast() {
    const { coloring } = this.data;
    const { only, lassoed, pictures } = this.choices;
    const { groups, faded } = this.columns;
    const kept = coloring.ends ? [] : only.value;
    this.stage.cast.assign({ groups, faded, only: kept, lassoed: lassoed.value, lit: this.lit });
    this.stage.album = pictures.value ? this.album : null;
    const totals = coloring.entries.map(() => 0);
    const counts = coloring.entries.map(() => 0);
    groups.forEach((group, i) => {
      totals[group]++;
      counts[group] += faded[i] ? 0 : 1;
    });
    this.legend.show(coloring, totals, counts, kept);
    this.find(".tools .pictures").setAttribute("aria-pressed", String(pictures.value));
    const caught = lassoed.value.length;
    this.find(".caught").hidden = !caught;
    this.find(".caught span").textContent = caught === 1 ? "1 sample" : `${caught} samples`;
    this.invalidate();
  }

  invalidate() {
    this.stale = true;
    this.askFrame();
  }

  askFrame() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      if (!this.data || !this.stage.ready) return;
      if (this.stale) this.redraw(now);
      else this.drawMarks();
    });
  }

  redraw(now) {
    this.stale = false;
    const moves = this.stage.paint(now);
    this.find(".tools .reset").classList.toggle("needed", this.stage.camera.moved);
    this.drawMarks();
    if (moves) this.invalidate();
  }

  drawMarks() {
    const pinned = this.choices.pinned.value;
    this.stage.mark({
      pinned: pinned < this.stage.n ? pinned : -1,
      neighbors: pinned === this.data.pinned ? this.data.neighbors : [],
      hovered: this.hovered,
      line: this.line,
    });
    if (this.hovered >= 0) this.tooltip.move(this.stage.place(this.hovered), this.stage.girth);
  }

  // --- under the pointer -------------------------------------------------------------------------

  point(x, y) {
    if (!this.data || !this.stage.ready) return;
    this.stage.camera.finish();
    this.hover(this.stage.hit(x, y));
  }

  hover(i) {
    if (i === this.hovered || i >= this.stage.n) return;
    this.hovered = i;
    this.find(".marks").classList.toggle("over", i >= 0);
    this.fillTooltip();
    this.askFrame();
  }

  fillTooltip() {
    const i = this.hovered;
    if (i < 0 || !this.stage.ready) return this.tooltip.hide();
    const { labels, predicted, correct, confidence } = this.columns;
    this.tooltip.show(this.stage.place(i), this.stage.girth, {
      uid: i,
      family: this.data.family,
      color: this.stage.entry(i).color,
      true: this.data.classes[labels[i]],
      predicted: this.data.outputs[predicted[i]],
      correct: correct[i],
      confidence: confidence[i],
    });
  }

  click(x, y) {
    const i = this.stage.hit(x, y);
    if (i >= 0 && i !== this.choices.pinned.value) this.pin(i);
  }

  step(direction) {
    const from = this.hovered >= 0 ? this.hovered : this.choices.pinned.value;
    const next = this.stage.next(from, direction);
    if (next >= 0) this.hover(next);
  }

  draw(places) {
    this.line.push(...places);
    this.askFrame();
  }

  enclose() {
    const caught = this.stage.within(this.line);
    this.line = [];
    if (caught.length || this.choices.lassoed.value.length) this.choose("lassoed", caught);
    else this.askFrame();
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
}
