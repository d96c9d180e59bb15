// One layout of a few samples on a canvas, with the sample that is pointed at and the lines to those that
// are nearest to it among the features. Several clouds of the same samples share what is marked.
const FULL_STEP = 32767; // half the side of the box around a cloud
const LIGHT = "layerscope:class"; // on the window: a legend brings a class out
const AGAIN = [150, 250, 400, 600]; // milliseconds between questions; the last goes on

// What all clouds of a component share.
class Company {
  read(data) {
    const columns = { labels: Int32Array, predicted: Int32Array, correct: Int8Array, confidence: Float32Array, near: Int16Array };
    for (const [name, Type] of Object.entries(columns)) this[name] = decode(data.cast, name, Type);
    Object.assign(this, { entries: data.entries, outputs: data.outputs, family: data.family });
    this.n = this.labels.length;
    this.k = this.n ? this.near.length / this.n : 0;
    this.only = new Set(data.only);
    this.pinned = data.pinned < this.n ? data.pinned : -1;
    this.hovered ??= -1;
    if (this.hovered >= this.n) this.hovered = -1;
    this.lit ??= null;
  }

  isDim(i) {
    if (this.lit !== null) return this.labels[i] !== this.lit;
    return this.only.size > 0 && !this.only.has(this.labels[i]);
  }

  nearest(i) {
    return this.near.subarray(i * this.k, (i + 1) * this.k);
  }

  describe(i) {
    return {
      uid: i,
      family: this.family,
      color: this.entries[this.labels[i]].color,
      true: this.entries[this.labels[i]].name,
      predicted: this.outputs[this.predicted[i]],
      correct: this.correct[i],
      confidence: this.confidence[i],
    };
  }
}

// A cloud as a thumbnail, or as the ground of one that is pointed at.
function paintCloud(ink, company, at, radius) {
  const paths = {};
  for (const dim of [true, false]) {
    for (let i = 0; i < company.n; i++) {
      if (company.isDim(i) !== dim) continue;
      paintMark(ink, company, at, i, radius, paths, dim);
    }
  }
}

function paintMark(ink, company, at, i, radius, paths = {}, dim = false) {
  const { color, shape } = company.entries[company.labels[i]];
  const path = (paths[shape] ??= new Path2D(SHAPES[shape]));
  ink.save();
  ink.translate(at[2 * i], at[2 * i + 1]);
  ink.scale(radius, radius);
  ink.globalAlpha = dim ? 0.13 : 1;
  ink.lineWidth = 1.4 / radius;
  ink.strokeStyle = `${BACKGROUND}b3`;
  ink.fillStyle = color;
  if (!dim && radius > 2) ink.stroke(path);
  ink.fill(path);
  ink.restore();
}

// Steps to pixels; clouds keep their proportions.
function place(steps, width, height, margin) {
  const scale = (Math.min(width, height) / 2 - margin) / FULL_STEP;
  const at = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i += 2) {
    at[i] = width / 2 + steps[i] * scale;
    at[i + 1] = height / 2 - steps[i + 1] * scale;
  }
  return at;
}

const radiusOf = (n, width, height) => clamp(1.5, Math.sqrt((width * height) / Math.max(1, n)) * 0.12, 6.5);

class Cloud {
  // `hear` is told what the visitor does: hover(i), pick(i), escape(). Without it nothing is pointed at.
  constructor(box, company, hear) {
    Object.assign(this, { box, company, steps: null });
    this.canvas = box.querySelector("canvas");
    this.ink = this.canvas.getContext("2d");
    if (hear) this.listen(hear);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(box);
  }

  listen({ hover, pick, escape }) {
    this.tooltip = new Tooltip(this.box);
    const { canvas, box, company } = this;
    const there = ({ offsetX, offsetY }) => this.hit(offsetX, offsetY);
    canvas.onpointermove = (event) => {
      this.points = true;
      hover(there(event));
    };
    canvas.onpointerleave = () => {
      this.points = false;
      hover(-1);
    };
    canvas.onclick = (event) => {
      const i = there(event);
      if (i >= 0) pick(i);
    };
    const steps = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    box.onkeydown = (event) => {
      if (isShortcut(event)) return;
      const { key } = event;
      if (steps[key]) {
        this.points = true;
        hover(this.next(steps[key]));
      } else if (key === "Enter" && company.hovered >= 0) pick(company.hovered);
      else if (key === "Escape") escape();
      else return;
      event.preventDefault();
      event.stopPropagation(); // Streamlit has keys of its own
    };
    box.onblur = () => {
      this.points = false;
      hover(-1);
    };
  }

  show(steps) {
    this.steps = steps;
    this.draw();
  }

  draw() {
    const { box, canvas, ink, company } = this;
    const [width, height] = [box.clientWidth, box.clientHeight];
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    ink.clearRect(0, 0, width, height);
    if (!this.steps || this.steps.length !== 2 * company.n) {
      this.at = null;
      this.tooltip?.hide();
      return;
    }
    this.radius = radiusOf(company.n, width, height);
    this.at = place(this.steps, width, height, Math.max(6, 2.5 * this.radius));
    const focus = this.tooltip ? (company.hovered >= 0 ? company.hovered : company.pinned) : -1;
    paintCloud(ink, company, this.at, this.radius);
    if (focus >= 0) this.join(focus);
    if (this.tooltip && company.pinned >= 0) this.mark(company.pinned, "#ffffff", 2);
    if (this.tooltip && company.hovered >= 0) this.mark(company.hovered, ACCENT, 1.8);
    this.tell();
  }

  // Lines from a sample to its nearest among the features, and these in front.
  join(i) {
    const { ink, company, at, radius } = this;
    ink.beginPath();
    for (const other of company.nearest(i)) {
      ink.moveTo(at[2 * i], at[2 * i + 1]);
      ink.lineTo(at[2 * other], at[2 * other + 1]);
    }
    ink.strokeStyle = "#ffffff66";
    ink.lineWidth = 1;
    ink.stroke();
    for (const other of company.nearest(i)) paintMark(ink, company, at, other, radius * 1.1);
  }

  mark(i, color, width) {
    const { ink, company, at, radius } = this;
    paintMark(ink, company, at, i, radius * 1.25);
    ink.beginPath();
    ink.arc(at[2 * i], at[2 * i + 1], radius + 3.5, 0, 7);
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.stroke();
  }

  // The tooltip stands where the pointer is; other clouds show the same sample by its ring.
  tell() {
    if (!this.tooltip) return;
    const i = this.company.hovered;
    this.canvas.style.cursor = i >= 0 ? "pointer" : "default";
    if (i < 0 || !this.points) return this.tooltip.hide();
    this.tooltip.show([this.at[2 * i], this.at[2 * i + 1]], this.radius, this.company.describe(i));
  }

  hit(x, y) {
    if (!this.at) return -1;
    let [best, reach] = [-1, Math.max(11, this.radius + 5) ** 2];
    for (let i = 0; i < this.company.n; i++) {
      if (this.company.isDim(i)) continue;
      const distance = (this.at[2 * i] - x) ** 2 + (this.at[2 * i + 1] - y) ** 2;
      if (distance < reach) [best, reach] = [i, distance];
    }
    return best;
  }

  // The nearest in a direction; without a start, the one nearest to the middle.
  next([ux, uy]) {
    const { at, company, box } = this;
    if (!at) return -1;
    const from = company.hovered >= 0 ? company.hovered : company.pinned;
    const [x, y] = from >= 0 ? [at[2 * from], at[2 * from + 1]] : [box.clientWidth / 2, box.clientHeight / 2];
    let [best, least] = [from, Infinity];
    for (let i = 0; i < company.n; i++) {
      if (i === from || company.isDim(i)) continue;
      const [dx, dy] = [at[2 * i] - x, at[2 * i + 1] - y];
      const [along, aside] = [dx * ux + dy * uy, Math.abs(dx * uy - dy * ux)];
      const cost = from < 0 ? Math.hypot(dx, dy) : along > 0 && aside <= 2 * along ? along + 2 * aside : Infinity;
      if (cost < least) [best, least] = [i, cost];
    }
    return best;
  }

  stop() {
    this.observer.disconnect();
  }
}

// Names with values, in the line above a cloud.
function fillFigures(element, pairs) {
  const text = JSON.stringify(pairs);
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(
    ...pairs.map(([name, value]) => {
      const part = make("span", "", `${name} `);
      part.append(make("b", "", value));
      return part;
    }),
  );
}

const decimals = (value, digits = 2) => value.toFixed(digits).replace("-", "−");

// How wide a cloud is: each is drawn as large as it fits, be it a speck or as wide as a field.
const tellSpread = (side) => (side === 0 || side >= 0.1 ? side.toPrecision(2) : side.toExponential(0)).replace("-", "−");

// Asks the page again and again how far the work is. What a visitor does must not be overtaken by such a
// question while the page is busy: of two messages from one component it may hear the later one only.
// `send` is set by whoever has it.
class Asking {
  constructor() {
    this.count = 0;
  }

  // After each answer; `token` names what is waited for.
  follow(waits, token) {
    clearTimeout(this.timer);
    this.count = waits && this.token === token ? this.count + 1 : 0;
    Object.assign(this, { waits, token });
    if (waits) this.later(AGAIN[Math.min(this.count, AGAIN.length - 1)]);
  }

  later(delay) {
    this.timer = setTimeout(() => {
      this.send("tick", this.token);
      this.later(800); // an answer that is the same as before is not sent again
    }, delay);
  }

  tell(event, value) {
    clearTimeout(this.timer);
    this.send(event, value);
    if (this.waits) this.later(PATIENCE);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
