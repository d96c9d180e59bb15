// A curve over the steps: where the player stands, what the pointer is at, and where the unit was silent.
const NAMESPACE = "http://www.w3.org/2000/svg";
const HATCH = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
  <rect width="5" height="5" fill="#8f9aa618"/><path d="M0 0V5" stroke="#8f9aa666" stroke-width="2"/></pattern></defs>`;

const writeValue = (value) => {
  if (value === undefined) return "";
  const size = Math.abs(value);
  const text = size === 0 ? "0" : size >= 1e5 || size < 1e-3 ? value.toExponential(2) : value.toPrecision(4);
  return text.replace("-", "−");
};

class Curve {
  constructor(figure, onPoint, onPick) {
    this.box = figure.querySelector(".chart");
    this.output = figure.querySelector("output");
    this.svg = document.createElementNS(NAMESPACE, "svg");
    this.dot = make("i");
    this.labels = ["high", "low", "best"].map((name) => make("span", name));
    this.box.append(this.svg, this.dot, ...this.labels);
    const step = (event) => {
      const { left, width } = this.box.getBoundingClientRect();
      return Math.max(0, Math.min(this.total, Math.round(((event.clientX - left) / width) * this.total)));
    };
    this.box.onpointerdown = (event) => {
      this.box.setPointerCapture(event.pointerId);
      onPick(step(event));
    };
    this.box.onpointermove = (event) => (event.buttons ? onPick(step(event)) : onPoint(step(event)));
    this.box.onpointerleave = () => onPoint(null);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.box);
  }

  set(values, total, states, reference, floor) {
    Object.assign(this, { values, total: Math.max(1, total), states, reference });
    const known = reference === null ? values : [...values, reference];
    this.low = Math.min(floor ?? Infinity, ...known);
    this.high = Math.max(...known);
    if (!values.length) [this.low, this.high] = [0, 1];
    this.isFlat = this.high - this.low < 1e-9;
    if (this.isFlat) this.high = this.low + 1;
    this.draw();
  }

  // In pixels, so that hatches are not stretched.
  x(step) {
    return (step / this.total) * this.box.clientWidth;
  }

  y(value) {
    const height = this.box.clientHeight;
    return 2 + (1 - (value - this.low) / (this.high - this.low)) * (height - 4);
  }

  draw() {
    if (!this.values) return;
    const { values, states, reference } = this;
    const height = this.box.clientHeight;
    const line = values.map((value, i) => `${i ? "L" : "M"}${this.x(i).toFixed(1)} ${this.y(value).toFixed(1)}`).join("");
    const spans = findSpans(states).map(([first, last]) => {
      const left = this.x(Math.max(0, first - 0.5));
      return `<rect class="silent" x="${left}" y="0" width="${this.x(last + 0.5) - left}" height="${height}"><title>silent</title></rect>`;
    });
    const best = reference === null ? "" : `<path class="reference" d="M0 ${this.y(reference)}H${this.box.clientWidth}"/>`;
    this.svg.innerHTML = `${HATCH}${spans.join("")}${best}<path class="line" d="${line}"/><path class="mark"/>`;
    const [high, low, sample] = this.labels;
    high.textContent = values.length && !this.isFlat ? writeValue(this.high) : "";
    low.textContent = values.length ? writeValue(this.low) : "";
    sample.textContent = reference === null ? "" : "best sample";
    if (reference !== null) sample.style.top = `${Math.max(0, Math.min(height - 12, this.y(reference) - 12))}px`;
    this.mark(this.at);
  }

  mark(step) {
    this.at = step;
    const value = this.values?.[step];
    this.dot.hidden = value === undefined;
    this.output.textContent = writeValue(value);
    const mark = this.svg.querySelector(".mark");
    if (!mark) return;
    mark.setAttribute("d", value === undefined ? "" : `M${this.x(step)} 0V${this.box.clientHeight}`);
    if (value === undefined) return;
    this.dot.style.left = `${this.x(step)}px`;
    this.dot.style.top = `${this.y(value)}px`;
  }
}

// First and last of each run of steps in which the unit gave nothing.
function findSpans(states) {
  const spans = [];
  [...states].forEach((state, i) => {
    if (state === "a") return;
    const last = spans[spans.length - 1];
    if (last && last[1] === i - 1) last[1] = i;
    else spans.push([i, i]);
  });
  return spans;
}
