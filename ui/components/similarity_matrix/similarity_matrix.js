// A heat map of pairs of layers: drawn anew when values, measure or width change; what is pointed at or
// picked is only marked.
const matrices = new WeakMap();

// Streamlit calls this at every change of data; the map lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!matrices.has(parentElement)) matrices.set(parentElement, new Matrix(parentElement));
  const matrix = matrices.get(parentElement);
  matrix.send = setTriggerValue;
  matrix.show(data);
  return () => {
    matrix.stop();
    matrices.delete(parentElement);
  };
}

class Matrix {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.box = this.find(".box");
    this.cursor = -1;
    this.pair = new Choice([], () => this.mark());
    this.measure = new Choice("", () => this.draw());
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.find(".scroll"));
  }

  stop() {
    this.observer.disconnect();
    this.pair.stop();
    this.measure.stop();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data) {
    const layers = JSON.stringify(data.sides);
    const another = layers !== this.layers;
    Object.assign(this, { data, layers });
    this.pair.confirm(data.pair, another);
    this.measure.confirm(data.measure, another);
    this.all = new Map(
      data.measures.filter(({ there }) => there).map(({ key }) => [key, new Values(data.arrays, key)]),
    );
    if (another) this.cursor = -1;
    this.find(".down").textContent = data.sides[0].name;
    this.find(".across").textContent = data.sides[1].name;
    this.find(".count").textContent = `${data.n} samples`;
    this.build();
    this.resize();
  }

  // The switch between measures; its buttons stay, so that the focus does.
  build() {
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

  resize() {
    const width = this.find(".scroll").clientWidth;
    if (!this.data || !width) return;
    const [rows, columns] = this.data.sides.map(({ layers }) => layers.length);
    this.layout = new Layout(rows, columns, width, devicePixelRatio || 1);
    this.box.style.width = `${this.layout.width}px`;
    this.box.style.height = `${this.layout.height}px`;
    this.draw();
  }

  // --- what is seen ------------------------------------------------------------------------------

  draw() {
    const { measures, sides } = this.data;
    this.values = this.all.get(this.measure.value);
    this.name = measures.find(({ key }) => key === this.measure.value).name;
    measures.forEach(({ key }, i) =>
      this.find(".measures").children[i].setAttribute("aria-pressed", String(key === this.measure.value)),
    );
    drawHeat(this.find(".heat"), this.layout, this.values, sides);
    this.find(".bar").style.background = this.values.gradient;
    this.find(".chance").hidden = !this.values.some((i) => this.values.isByChance(i));
    this.find(".constant").hidden = !this.values.some((i) => !this.values.isDefined(i));
    this.mark();
  }

  get chosen() {
    const [row, column] = this.data.sides.map(({ layers }, side) =>
      layers.findIndex(({ key }) => key === this.pair.value[side]),
    );
    return row < 0 || column < 0 ? -1 : row * this.layout.columns + column;
  }

  mark() {
    const { chosen } = this;
    drawMarks(this.find(".marks"), this.layout, chosen, this.cursor);
    const told = chosen >= 0 ? describe(chosen, this.values, this.data.sides, this.name) : null;
    this.find(".reading .pair").textContent = told?.keys ?? "";
    this.find(".reading .figure").textContent = told?.figure ?? "";
    this.find(".reading").title = told ? tell(told) : "";
    this.point(this.cursor >= 0 ? this.cursor : chosen);
    const [first, second] = this.data.sides.map(({ name, layers }) => `${layers.length} layers of ${name}`);
    const label = `Similarity by ${this.name} of ${first} with ${second}`;
    this.box.setAttribute("aria-label", told ? `${label}. On show: ${tell(told)}` : label);
    this.fillTooltip();
  }

  // Where on the scale of colours a pair is.
  point(pair) {
    const mark = this.find(".scale u");
    mark.hidden = pair < 0 || !this.values.isDefined(pair);
    if (!mark.hidden) mark.style.left = `${100 * this.values.value[pair]}%`;
    const text = mark.hidden ? "" : `; ${this.values.text(pair)} is marked`;
    this.find(".scale").setAttribute("aria-label", `Colours from 0, dark, to 1, bright${text}`);
  }

  fillTooltip() {
    const [tooltip, scroll] = [this.find(".tooltip"), this.find(".scroll")];
    tooltip.hidden = this.cursor < 0;
    if (tooltip.hidden) return;
    fillTooltip(tooltip, describe(this.cursor, this.values, this.data.sides, this.name));
    const [x, y, w, h] = this.layout.place(this.cursor);
    const place = [x + scroll.offsetLeft - scroll.scrollLeft, y + scroll.offsetTop, w, h];
    placeTooltip(tooltip, place, this.find(".field"));
  }

  // --- what the visitor does ---------------------------------------------------------------------

  change(key) {
    this.measure.make(key); // shown at once; the page follows
    this.send("measure", key);
    this.draw();
  }

  hover(pair) {
    if (pair === this.cursor) return;
    this.cursor = pair;
    this.mark();
  }

  pick(pair) {
    if (pair < 0 || pair === this.chosen) return;
    const { columns } = this.layout;
    const [first, second] = this.data.sides;
    const keys = [first.layers[Math.floor(pair / columns)].key, second.layers[pair % columns].key];
    this.pair.make(keys);
    this.send("pick", keys);
    this.mark();
  }

  listen() {
    const marks = this.find(".marks");
    marks.onpointermove = (event) =>
      event.pointerType !== "touch" && this.hover(this.layout.at(event.offsetX, event.offsetY));
    marks.onpointerleave = () => this.hover(-1);
    marks.onclick = (event) => this.pick(this.layout.at(event.offsetX, event.offsetY));
    this.find(".scroll").onscroll = () => this.fillTooltip();
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.hover(-1);
  }

  press(event) {
    if (isShortcut(event)) return;
    const { rows, columns } = this.layout;
    const start = Math.max(0, this.cursor >= 0 ? this.cursor : this.chosen);
    const [row, column] = [Math.floor(start / columns), start % columns];
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

  // The pair becomes the cursor's, is brought into sight and told.
  go(row, column) {
    const { rows, columns, w } = this.layout;
    if (row < 0 || row >= rows || column < 0 || column >= columns) return;
    this.hover(row * columns + column);
    const [scroll, x] = [this.find(".scroll"), this.layout.x(column)];
    scroll.scrollLeft = Math.min(x - EDGE, Math.max(x + w - scroll.clientWidth, scroll.scrollLeft));
    this.find(".said").textContent = tell(describe(this.cursor, this.values, this.data.sides, this.name));
  }
}
