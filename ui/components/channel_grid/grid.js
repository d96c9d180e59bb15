// Thumbnails in rows. Only those in sight are on the page: two thousand channels cost no more than fifty.

const GAP = 8;
const LABEL = 18;
const USUAL_SIDE = 64;

class Grid {
  constructor(box, pick) {
    this.box = box;
    this.pick = pick;
    this.sheet = box.querySelector(".sheet");
    this.cells = new Map(); // channel -> element, kept once it was in sight
    this.order = [];
    this.cursor = -1; // place in the order
    box.onscroll = () => this.place();
    box.onkeydown = (event) => this.press(event);
    this.sheet.onclick = (event) => {
      const cell = event.target.closest(".cell");
      if (cell) this.open(Number(cell.dataset.channel));
    };
  }

  show(values) {
    this.values = values;
    this.cursor = -1;
    this.redraw();
    const plural = values.unit === "colour" ? "Colours" : "Channels";
    this.box.setAttribute("aria-label", `${plural} of ${values.title}, each with its score`);
  }

  redraw() {
    this.cells.clear();
    this.sheet.replaceChildren();
  }

  arrange(order, keep) {
    this.order = order;
    this.cursor = order.length ? Math.max(0, order.indexOf(keep)) : -1;
    this.box.scrollTop = 0;
    this.fit();
  }

  mark(chosen) {
    this.chosen = chosen;
    for (const [channel, cell] of this.cells) {
      cell.setAttribute("aria-selected", String(channel === chosen));
    }
  }

  // As large as lets all of them be seen at once, else so that whole columns fill the width.
  fit() {
    const style = getComputedStyle(this.box);
    const width = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = this.box.clientHeight - parseFloat(style.paddingTop);
    if (width <= 0 || height <= 0) return;
    const columnsOf = (side) => Math.max(1, Math.floor((width + GAP) / (side + GAP)));
    let side = Math.floor(Math.max(USUAL_SIDE, height - LABEL - 4));
    const tooTall = () => Math.ceil(this.order.length / columnsOf(side)) * (side + LABEL + GAP) > height + GAP;
    while (side > USUAL_SIDE && tooTall()) side--;
    this.columns = columnsOf(side);
    if (tooTall()) side = Math.floor((width - GAP * (this.columns - 1)) / this.columns);
    this.side = side;
    this.step = side + LABEL + GAP;
    this.sheet.style.setProperty("--side", `${side}px`);
    this.sheet.style.height = `${Math.ceil(this.order.length / this.columns) * this.step - GAP + 4}px`;
    this.place();
  }

  place() {
    if (!this.columns) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.step) - 1);
    const last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.step) + 1;
    const seen = new Set();
    const fresh = [];
    const put = (i) => {
      const channel = this.order[i];
      if (channel === undefined || seen.has(channel)) return;
      seen.add(channel);
      const cell = this.cell(channel);
      const [x, y] = [(i % this.columns) * (this.side + GAP), Math.floor(i / this.columns) * this.step + 2];
      cell.style.transform = `translate(${x}px, ${y}px)`;
      cell.setAttribute("aria-posinset", i + 1);
      cell.setAttribute("aria-setsize", this.order.length);
      cell.classList.toggle("cursor", i === this.cursor);
      if (!cell.parentNode) fresh.push(cell);
    };
    for (let i = first * this.columns; i < Math.min(last * this.columns, this.order.length); i++) put(i);
    if (this.cursor >= 0) put(this.cursor); // what the keyboard is at must exist
    for (const cell of [...this.sheet.children]) if (!seen.has(Number(cell.dataset.channel))) cell.remove();
    this.sheet.append(...fresh);
    const at = this.cells.get(this.order[this.cursor]);
    if (at) this.box.setAttribute("aria-activedescendant", at.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  cell(channel) {
    if (!this.cells.has(channel)) this.cells.set(channel, this.build(channel));
    return this.cells.get(channel);
  }

  build(channel) {
    const { values } = this;
    const cell = document.createElement("div");
    cell.className = "cell";
    cell.id = `channel-${channel}`;
    cell.dataset.channel = channel;
    cell.setAttribute("role", "option");
    cell.setAttribute("aria-selected", String(channel === this.chosen));
    const score = values.text(channel);
    const text = `${values.unit} ${values.name(channel)}`;
    cell.setAttribute("aria-label", `${text} ${score}`); // holds what is written below the map
    cell.title = `${text}, score ${score}: open it`;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [values.width, values.height];
    canvas.getContext("2d").putImageData(values.paint(channel, 1, values.width, values.height), 0, 0);
    const label = document.createElement("div");
    const name = document.createElement("b");
    name.textContent = values.name(channel);
    const figure = document.createElement("span");
    figure.textContent = score;
    label.append(name, " ", figure);
    cell.append(canvas, label);
    return cell;
  }

  open(channel) {
    this.cursor = this.order.indexOf(channel);
    this.mark(channel); // shown at once; the page follows
    this.place();
    this.pick(channel);
  }

  go(to) {
    this.cursor = Math.min(this.order.length - 1, Math.max(0, to));
    const top = Math.floor(this.cursor / this.columns) * this.step;
    const { scrollTop, clientHeight } = this.box; // scrollIntoView would scroll the page as well
    if (top < scrollTop) this.box.scrollTop = top;
    if (top + this.step > scrollTop + clientHeight) this.box.scrollTop = top + this.step - clientHeight;
    this.place();
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.order.length) return;
    const rows = Math.max(1, Math.floor(this.box.clientHeight / this.step)) * this.columns;
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -rows, PageDown: rows, Home: -Infinity, End: Infinity,
    };
    if (event.key in steps) this.go(this.cursor + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.open(this.order[this.cursor]);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
