// Dense neurons as one heatmap: zoomed, dragged, hovered; each cell names its neuron.

class Dense {
  constructor(box, pick) {
    this.box = box;
    this.pick = pick;
    this.canvas = box.querySelector("canvas");
    this.tooltip = box.querySelector(".tooltip");
    this.view = new Viewport();
    this.cursor = this.chosen = -1;
    this.found = null; // what the search leaves; the others are dimmed
    this.listen();
  }

  show(values) {
    this.values = values;
    this.cursor = -1;
    this.found = null;
    this.view.reset();
    this.box.setAttribute("aria-label", `${values.count} values of ${values.title} as a heatmap`);
  }

  mark(chosen) {
    this.chosen = chosen;
    this.draw();
  }

  filter(found) {
    this.found = found && new Set(found);
    this.cursor = found?.[0] ?? -1;
    this.draw();
    this.point(this.cursor);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height || !this.values) return;
    const ratio = devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [width * ratio, height * ratio];
    const { count, names } = this.values;
    const named = Boolean(names) && count <= NAMED;
    Object.assign(this, { width, height, ratio }, tile(count, width, height, named ? 3.2 : 1));
    this.texture = new OffscreenCanvas(this.columns, this.rows);
    const image = this.values.paint(0, count, this.columns, this.rows);
    this.texture.getContext("2d").putImageData(image, 0, 0);
    this.draw();
  }

  // A cell's box on the screen.
  place(channel) {
    const { k, x, y } = this.view;
    const [w, h] = [(this.width / this.columns) * k, (this.height / this.rows) * k];
    const [column, row] = [channel % this.columns, Math.floor(channel / this.columns)];
    return [column * w - x * k * this.width, row * h - y * k * this.height, w, h];
  }

  at(px, py) {
    const { k, x, y } = this.view;
    const column = Math.floor((x + px / this.width / k) * this.columns);
    const row = Math.floor((y + py / this.height / k) * this.rows);
    const channel = row * this.columns + column;
    const inside = column >= 0 && column < this.columns && row >= 0 && channel < this.values.count;
    return inside ? channel : -1;
  }

  draw() {
    if (!this.texture) return;
    const ink = this.canvas.getContext("2d");
    ink.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ink.clearRect(0, 0, this.width, this.height);
    ink.imageSmoothingEnabled = false;
    const { k, x, y } = this.view;
    const [w, h] = [this.width * k, this.height * k];
    ink.drawImage(this.texture, -x * w, -y * h, w, h);
    const [, , cellWidth, cellHeight] = this.place(0);
    if (Math.min(cellWidth, cellHeight) > 5) this.drawGaps(ink);
    const inSight = this.list();
    if (this.found) {
      ink.fillStyle = "#14181dd0";
      for (const each of inSight) if (!this.found.has(each)) ink.fillRect(...this.place(each));
    }
    if (cellWidth > 54 && cellHeight > 17) for (const each of inSight) this.write(ink, each);
    this.outline(ink, this.chosen, "#ffffff", 2);
    this.outline(ink, this.cursor, "#ffb454", 1.5);
    this.box.querySelector(".reset").classList.toggle("needed", k > 1);
  }

  drawGaps(ink) {
    ink.fillStyle = "#14181d";
    const [left, top, w, h] = this.place(0);
    for (let c = 1; c < this.columns; c++) ink.fillRect(left + c * w - 0.5, 0, 1, this.height);
    for (let r = 1; r < this.rows; r++) ink.fillRect(0, top + r * h - 0.5, this.width, 1);
  }

  list() {
    const first = this.at(0, 0);
    const inSight = [];
    const [, , w, h] = this.place(0);
    const [columns, rows] = [Math.ceil(this.width / w) + 1, Math.ceil(this.height / h) + 1];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const channel = first + r * this.columns + c;
        const wraps = (first % this.columns) + c >= this.columns;
        if (!wraps && channel < this.values.count) inSight.push(channel);
      }
    }
    return inSight;
  }

  // Name and value into a cell, dark on bright colours.
  write(ink, channel) {
    const [left, top, width, height] = this.place(channel);
    const [x, y] = [Math.max(0, left), Math.max(0, top)]; // of what is in sight of the cell
    const [w, h] = [Math.min(this.width, left + width) - x, Math.min(this.height, top + height) - y];
    if (w < 54 || h < 17) return;
    const [red, green, blue] = this.values.color(this.values.shade(channel)(0));
    const dim = this.found && !this.found.has(channel);
    const bright = (0.3 * red + 0.59 * green + 0.11 * blue) / 255 > 0.5 && !dim;
    const [strong, weak] = dim ? ["#4a545f", "#4a545f"] : bright ? ["#0e1114", "#0e1114c0"] : ["#ffffff", "#ffffffb0"];
    const two = h > 32; // room for two lines
    ink.save();
    ink.beginPath();
    ink.rect(x + 6, y, w - 12, h);
    ink.clip();
    ink.textBaseline = "middle";
    const mono = getComputedStyle(this.box).getPropertyValue("--st-code-font") || "monospace";
    const value = this.values.text(channel);
    ink.font = `11px ${mono}`;
    const room = two ? w - 12 : w - 20 - ink.measureText(value).width;
    ink.fillStyle = weak;
    ink.textAlign = two ? "left" : "right";
    ink.fillText(value, two ? x + 7 : x + w - 7, y + h / 2 + (two ? 8 : 0));
    ink.font = `500 11.5px ${this.values.names ? getComputedStyle(this.box).fontFamily : mono}`;
    ink.fillStyle = strong;
    ink.textAlign = "left";
    ink.fillText(shorten(ink, this.values.name(channel), room), x + 7, y + h / 2 - (two ? 8 : 0));
    ink.restore();
  }

  outline(ink, channel, color, width) {
    if (channel < 0) return;
    const [x, y, w, h] = this.place(channel);
    const grow = Math.max(0, (7 - Math.min(w, h)) / 2); // cells of a few pixels get a larger frame
    ink.strokeStyle = "#0e1114";
    ink.lineWidth = width + 2;
    ink.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
  }

  hover(channel) {
    if (channel !== this.cursor) {
      this.cursor = channel;
      this.draw();
    }
    this.point(channel);
  }

  point(channel) {
    this.tooltip.hidden = channel < 0 || !this.values;
    if (this.tooltip.hidden || !this.texture) return;
    const { unit, names } = this.values;
    const value = document.createElement("b");
    value.textContent = this.values.text(channel);
    const name = names ? this.values.name(channel) : `${unit} ${channel}`;
    this.tooltip.replaceChildren(`${name}:`, value);
    const [x, y, w, h] = this.place(channel);
    const { offsetWidth, offsetHeight } = this.tooltip;
    const left = Math.min(Math.max(x + 12 + w / 2 - offsetWidth / 2, 4), this.box.clientWidth - offsetWidth - 4);
    const above = y - offsetHeight - 4;
    const top = above > -30 ? above : Math.min(y + h + 8, this.box.clientHeight - offsetHeight);
    this.tooltip.style.transform = `translate(${left}px, ${top}px)`;
  }

  open(channel) {
    if (channel < 0) return;
    this.mark(channel);
    this.pick(channel);
  }

  reset() {
    this.view.reset();
    this.draw();
    this.point(-1);
  }

  zoom(factor, u, v) {
    const [cellWidth, cellHeight] = [this.width / this.columns, this.height / this.rows];
    const largest = Math.max(3, 110 / cellWidth, 48 / cellHeight); // then each tells its name
    this.view.zoom(factor, u, v, largest);
    this.draw();
  }

  listen() {
    let grip = null; // where a drag began
    const { canvas } = this;
    const share = (event) => [event.offsetX / this.width, event.offsetY / this.height];
    canvas.onpointerdown = (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      grip = { from: share(event), x: this.view.x, y: this.view.y, moved: false };
    };
    canvas.onpointermove = (event) => {
      const [u, v] = share(event);
      const [du, dv] = grip ? [u - grip.from[0], v - grip.from[1]] : [0, 0];
      if (grip && (grip.moved ||= Math.hypot(du * this.width, dv * this.height) > 4)) {
        canvas.classList.add("dragged");
        this.view.moveTo(grip.x - du / this.view.k, grip.y - dv / this.view.k);
        this.cursor = -1;
        this.point(-1);
        this.draw();
      } else this.hover(this.at(event.offsetX, event.offsetY));
    };
    canvas.onpointerup = (event) => {
      canvas.classList.remove("dragged");
      if (grip && !grip.moved) this.open(this.at(event.offsetX, event.offsetY));
      grip = null;
    };
    canvas.onpointercancel = () => (grip = null);
    canvas.onpointerleave = () => this.hover(-1);
    canvas.ondblclick = () => this.reset();
    this.box.querySelector(".reset").onclick = () => this.reset();
    const wheel = (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), ...share(event));
      this.hover(this.at(event.offsetX, event.offsetY));
    };
    canvas.addEventListener("wheel", wheel, { passive: false });
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.hover(-1);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.box) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    const last = this.values.count - 1;
    const { key } = event;
    if (key in steps) this.go(this.cursor < 0 ? Math.max(0, this.chosen) : this.cursor + steps[key]);
    else if (key === "Home" || key === "End") this.go(key === "Home" ? 0 : last);
    else if (key === "Enter" || key === " ") this.open(this.cursor);
    else if (key === "+" || key === "=") this.zoom(1.5, 0.5, 0.5);
    else if (key === "-") this.zoom(1 / 1.5, 0.5, 0.5);
    else if (key === "0") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The cell becomes the cursor's, and comes into sight.
  go(channel) {
    if (channel < 0 || channel >= this.values.count) return;
    const { k, x, y } = this.view;
    const keep = (from, low, size) => Math.min(low, Math.max(low + size - 1 / k, from));
    const [column, row] = [channel % this.columns, Math.floor(channel / this.columns)];
    this.view.moveTo(
      keep(x, column / this.columns, 1 / this.columns),
      keep(y, row / this.rows, 1 / this.rows),
    );
    this.cursor = channel;
    this.draw();
    this.point(channel);
  }
}

function shorten(ink, text, width) {
  if (ink.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ink.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
