// Figures by layer, beneath the nodes: lines, their names, and what is read off at a node.

const LINE = 11; // pixels that a small text takes
const SWATCH = 14; // the piece of line before a name
const NO_TEXT = { left: 0, right: 0, top: 0, bottom: 0 };

class Curves {
  constructor(ground, readings) {
    this.ground = ground;
    this.readings = readings;
    this.curves = [];
    this.marks = {};
  }

  // The elements; where they lie is up to `place`.
  show(curves) {
    this.curves = curves;
    this.strong = curves.find((curve) => curve.strong);
    const name = (base, curve) => (curve === this.strong ? `${base} strong` : base);
    const makeLines = () => curves.map((curve) => draw("path", { class: name("curve-line", curve) }));
    this.lines = makeLines();
    this.swatches = makeLines();
    this.area = draw("path", { class: "curve-area" });
    this.rules = [0, 1].map(() => draw("path", { class: "curve-rule" }));
    this.scale = ["0", "1"].map((text) => draw("text", { class: "curve-scale" }, text));
    this.names = curves.map((curve) => draw("text", { class: name("curve-name", curve) }, curve.name));
    this.marks = { chosen: new Reading("chosen"), hovered: new Reading("hovered") };
    if (!curves.length) return this.clear();
    const marks = Object.values(this.marks);
    const stems = marks.map((mark) => mark.stem);
    const lines = this.lines.slice().reverse(); // the first on top
    this.ground.replaceChildren(...this.rules, this.area, ...lines, ...this.scale, ...stems);
    this.readings.replaceChildren(...this.swatches, ...this.names, ...marks.flatMap((mark) => [mark.dot, mark.text]));
  }

  clear() {
    this.ground.replaceChildren();
    this.readings.replaceChildren();
  }

  // `texts` are boxes of what is written beneath the nodes.
  place(places, band, width, texts) {
    if (!this.curves.length || !places.length) return;
    Object.assign(this, { places, band, width });
    const y = (figure) => band.bottom - figure * (band.bottom - band.top);
    this.points = this.curves.map(({ figures }) =>
      figures.map((figure, i) => (figure === null ? null : [places[i].middle, y(figure)])),
    );
    this.points.forEach((points, i) => this.lines[i].setAttribute("d", trace(points)));
    const strong = this.curves.indexOf(this.strong);
    this.area.setAttribute("d", strong < 0 ? "" : fill(this.points[strong], band.bottom));
    [band.bottom, band.top].forEach((level, i) => {
      this.rules[i].setAttribute("d", `M 12 ${level} H ${width - 2}`);
      this.scale[i].setAttribute("x", 2);
      this.scale[i].setAttribute("y", level + 3);
    });
    this.placeNames(places.at(-1));
    this.taken.push(...texts);
  }

  // All names in one row that ends with the drawing, low or high, where fewer lines cross it.
  placeNames(last) {
    this.taken = [];
    const widths = this.names.map((text) => text.getComputedTextLength());
    const spans = [];
    let right = last.x + last.width;
    widths.forEach((width, i) => {
      spans[i] = { left: right - width, right };
      right -= width + SWATCH + 22;
    });
    const rows = [this.band.bottom - LINE - 1, this.band.top + 1].map((top) =>
      spans.map((span) => ({ left: span.left - SWATCH - 4, right: span.right, top, bottom: top + LINE })),
    );
    const costs = rows.map((boxes) => boxes.reduce((sum, box) => sum + this.cross(box), 0));
    this.taken = rows[costs[0] <= costs[1] ? 0 : 1].slice();
    this.taken.forEach(({ bottom }, i) => {
      const { left } = spans[i];
      this.names[i].setAttribute("x", left);
      this.names[i].setAttribute("y", bottom - 2);
      this.swatches[i].setAttribute("d", `M ${left - SWATCH - 5} ${bottom - 5.5} h ${SWATCH}`);
    });
  }

  // How much a text would lie on: lines, counted every few pixels, and texts, which weigh more.
  cross(box) {
    const lines = this.points.flatMap((points) => sample(points, box.left - 4, box.right + 4));
    const on = lines.filter((y) => y > box.top - 1.5 && y < box.bottom + 1.5).length;
    return on + 1000 * this.taken.filter((other) => overlap(box, other)).length;
  }

  // Reads the strong curve off at a node, or nowhere at -1.
  mark(name, index) {
    const mark = this.marks[name];
    if (!mark) return;
    mark.index = index;
    const at = this.strong && this.points?.[this.curves.indexOf(this.strong)][index];
    if (!at) mark.hide();
    else mark.show(at, this.strong.figures[index], this.places[index].foot, (box) => this.weigh(box, at));
    const { chosen, hovered } = this.marks; // two figures side by side would run into each other
    chosen.fade(hovered.box !== NO_TEXT && (chosen.index === hovered.index || overlap(chosen.box, hovered.box)));
  }

  weigh(box, at) {
    const outside = box.bottom > this.band.bottom + 2 || box.left < 2 || box.right > this.width - 2 ? 50 : 0;
    return this.cross(box) + outside + (box.bottom > at[1] ? 0.5 : 0);
  }

  // Whether a box hides a dot or a figure.
  hides(box) {
    return Object.values(this.marks).some((mark) => mark.box !== NO_TEXT && overlap(box, mark.extent));
  }

  read(index) {
    const figure = this.strong?.figures[index] ?? null;
    return figure === null ? "" : `${this.strong.name} ${figure.toFixed(2)}`;
  }
}

// A dot on the curve, its figure, and a line up to the node.
class Reading {
  constructor(name) {
    this.index = -1;
    this.box = NO_TEXT;
    this.stem = draw("path", { class: `curve-stem at-${name}` });
    this.dot = draw("circle", { class: `curve-dot at-${name}`, r: name === "chosen" ? 3.5 : 3 });
    this.text = draw("text", { class: `curve-value at-${name}` });
    this.elements = [this.stem, this.dot, this.text];
    this.hide();
  }

  hide() {
    this.box = NO_TEXT;
    for (const element of this.elements) element.style.display = "none";
  }

  show([x, y], figure, foot, weigh) {
    for (const element of this.elements) element.style.display = "";
    this.stem.setAttribute("d", y - 5 > foot + 3 ? `M ${x} ${foot + 3} V ${y - 5}` : "");
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", y);
    this.text.textContent = figure.toFixed(2);
    const width = this.text.getComputedTextLength();
    const boxes = [y - 3 - LINE, y + 3].flatMap((top) =>
      [x + 6, x - 6 - width].map((left) => ({ left, right: left + width, top, bottom: top + LINE })),
    );
    const costs = boxes.map(weigh);
    const box = boxes[costs.indexOf(Math.min(...costs))];
    this.box = box;
    this.extent = {
      left: Math.min(x - 5, box.left),
      right: Math.max(x + 5, box.right),
      top: Math.min(y - 5, box.top),
      bottom: Math.max(y + 5, box.bottom),
    };
    this.text.setAttribute("x", this.box.left);
    this.text.setAttribute("y", this.box.bottom - 2);
  }

  fade(faded) {
    this.text.style.opacity = faded ? 0 : 1;
  }
}

function overlap(a, b) {
  return a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom;
}

// Stretches of points that follow one another; a layer without a figure parts them.
function split(points) {
  const stretches = [];
  points.forEach((point, i) => {
    if (!point) return;
    if (!points[i - 1]) stretches.push([]);
    stretches.at(-1).push(point);
  });
  return stretches;
}

// A stretch of one point is drawn by the round ends of a line of no length.
function trace(points) {
  return split(points)
    .map((stretch) => `M ${join(...stretch)}${stretch.length < 2 ? " h 0" : ""}`)
    .join(" ");
}

function fill(points, bottom) {
  return split(points)
    .map((stretch) => `M ${join([stretch[0][0], bottom], ...stretch, [stretch.at(-1)[0], bottom])} Z`)
    .join(" ");
}

// Heights of a line every few pixels between two places.
function sample(points, left, right) {
  const heights = [];
  for (const stretch of split(points)) {
    for (let i = 1; i < stretch.length; i++) {
      const [[x0, y0], [x1, y1]] = [stretch[i - 1], stretch[i]];
      for (let x = Math.max(x0, left); x <= Math.min(x1, right); x += 3) {
        heights.push(y0 + ((x - x0) / (x1 - x0)) * (y1 - y0));
      }
    }
  }
  return heights;
}
