// Filters as pictures: drawn anew when the page or the room changes; what is pointed at is only marked.
const grids = new WeakMap();

// Streamlit calls this at every change of data; the grid lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!grids.has(parentElement)) grids.set(parentElement, new KernelGrid(parentElement));
  const grid = grids.get(parentElement);
  grid.send = setTriggerValue;
  grid.show(data);
  return () => {
    grid.observer.disconnect();
    grids.delete(parentElement);
  };
}

class KernelGrid {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.box = this.find(".box");
    this.cursor = -1;
    this.listen();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.box);
  }

  show({ arrays, facts, stamp }) {
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    const tiles = decode(arrays, "tiles", Uint8Array);
    const inputs = decode(arrays, "inputs", Int32Array);
    this.page = {
      facts,
      inputs,
      sheet: compose(facts, tiles),
      weights: decode(arrays, "weights", Float32Array),
      norms: decode(arrays, "norms", Float32Array),
      rowNorms: decode(arrays, "row_norms", Float32Array),
      filters: [...decode(arrays, "filters", Int32Array)],
      rowNumbers: Array.from({ length: facts.rows }, (_, row) => inputs[row * facts.columns]),
    };
    this.find("h2").textContent = facts.title;
    this.find(".summary").textContent = this.find(".summary").title = facts.summary;
    const beyond = facts.isCut ? "; what lies beyond is cut off" : "";
    this.find(".low").textContent = tell(-facts.limit);
    this.find(".high").textContent = tell(facts.limit);
    this.find(".scale").title = `One scale for the layer: zero is mid grey${beyond}`;
    this.find(".scale").setAttribute("aria-label", this.find(".scale").title);
    this.find(".kernels").className = `kernels ${facts.isLinked ? "linked" : "unlinked"}`;
    this.box.setAttribute("aria-label", `${facts.title}: ${facts.summary}`);
    this.buildPagers();
    this.cursor = -1;
    this.draw();
  }

  buildPagers() {
    const { names, pages } = this.page.facts;
    const focused = this.box.getRootNode().activeElement;
    const at = [...this.find(".pagers").querySelectorAll("button, select")].indexOf(focused);
    const shown = [["columns", names[0]], ["rows", names[1]]].filter(([axis]) => pages[axis].names.length > 1);
    const built = shown.map(([axis, name]) => buildPager(name, pages[axis], (page) => this.turn(axis, page)));
    this.find(".pagers").replaceChildren(...built);
    const controls = [...this.find(".pagers").querySelectorAll("button, select")];
    const same = controls[at];
    if (at >= 0) (same?.disabled ? controls[at > 0 ? at - 1 : 1] : same)?.focus();
  }

  turn(axis, page) {
    const { names } = this.page.facts.pages[axis];
    if (page >= 0 && page < names.length) this.send("page", { axis, page });
  }

  draw() {
    const { clientWidth, clientHeight } = this.box;
    if (!this.page || !clientWidth || !clientHeight) return;
    this.layout = new Layout(this.page.facts, clientWidth, clientHeight, devicePixelRatio || 1);
    drawTiles(this.find(".tiles"), this.layout, this.page);
    this.mark(this.cursor);
  }

  mark(cursor) {
    this.cursor = cursor;
    drawMarks(this.find(".marks"), this.layout, cursor);
    this.find(".marks").classList.toggle("over", cursor >= 0);
    const tooltip = this.find(".tooltip");
    tooltip.hidden = cursor < 0;
    if (cursor < 0) return "";
    const text = fillTooltip(tooltip, this.page, this.layout, cursor);
    placeTooltip(tooltip, this.layout.place(cursor), this.box);
    return text;
  }

  pick() {
    const { facts, filters } = this.page;
    if (this.cursor >= 0 && facts.isLinked) this.send("pick", filters[this.layout.column(this.cursor)]);
  }

  listen() {
    const marks = this.find(".marks");
    const point = (event) => {
      const i = this.layout?.at(event.offsetX, event.offsetY) ?? -1;
      if (i !== this.cursor) this.mark(i);
    };
    marks.onpointermove = (event) => event.pointerType !== "touch" && point(event);
    marks.onpointerleave = () => this.layout && this.mark(-1);
    marks.onclick = (event) => {
      point(event);
      this.pick();
    };
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.layout && this.mark(-1);
  }

  press(event) {
    if (isShortcut(event) || !this.layout) return;
    const { across, facts } = this.layout;
    const [last, row] = [facts.rows * facts.columns - 1, Math.floor(Math.max(0, this.cursor) / across)];
    const step = (by) => () => this.go(this.cursor < 0 ? 0 : this.cursor + by, last);
    const axis = event.shiftKey ? "rows" : "columns";
    const page = (by) => () => this.turn(axis, facts.pages[axis].chosen + by);
    const does = {
      ArrowLeft: step(-1),
      ArrowRight: step(1),
      ArrowUp: step(-across),
      ArrowDown: step(across),
      Home: () => this.go(row * across, last),
      End: () => this.go(Math.min(last, row * across + across - 1), last),
      PageUp: page(-1),
      PageDown: page(1),
      Enter: () => this.pick(),
      Escape: () => this.mark(-1),
    }[event.key];
    if (!does) return;
    does();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  go(i, last) {
    if (i >= 0 && i <= last) this.find(".said").textContent = this.mark(i);
  }
}
