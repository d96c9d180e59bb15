// A curve over the steps: where the player stands, what the pointer is at, and where the unit was silent.
import { clamp, draw, find, make } from "../base/elements";
import { writeMinus } from "../base/numbers";

const HATCH = `<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
  <rect width="5" height="5" fill="#8f9aa618"/><path d="M0 0V5" stroke="#8f9aa666" stroke-width="2"/></pattern></defs>`;

export function writeValue(value?: number) {
  if (value === undefined) return "";
  const size = Math.abs(value);
  const text = size === 0 ? "0" : size >= 1e5 || size < 1e-3 ? value.toExponential(2) : value.toPrecision(4);
  return writeMinus(text);
}

/** First and last of each run of steps in which the unit gave nothing: letters other than "a". */
export function findSpans(states: string) {
  return [...states.matchAll(/[^a]+/g)].map(({ index, 0: run }) => [index, index + run.length - 1]);
}

export class Curve {
  private box: HTMLElement;
  private output: HTMLElement;
  private svg = draw("svg");
  private dot = make("i");
  private labels = ["high", "low", "best"].map((name) => make("span", name));
  private observer = new ResizeObserver(() => this.draw());
  private values?: number[];
  private total = 1;
  private states = "";
  private reference: number | null = null;
  private low = 0;
  private high = 1;
  private isFlat = false;
  private at?: number;

  constructor(figure: HTMLElement, onPoint: (step: number | null) => void, onPick: (step: number) => void) {
    const box = find(figure, ".chart");
    this.box = box;
    this.output = find(figure, "output");
    box.append(this.svg, this.dot, ...this.labels);
    const stepAt = (event: PointerEvent) => {
      const { left, width } = box.getBoundingClientRect();
      return clamp(0, Math.round(((event.clientX - left) / width) * this.total), this.total);
    };
    box.onpointerdown = (event) => {
      box.setPointerCapture(event.pointerId);
      onPick(stepAt(event));
    };
    box.onpointermove = (event) => (event.buttons ? onPick(stepAt(event)) : onPoint(stepAt(event)));
    box.onpointerleave = () => onPoint(null);
    this.observer.observe(box);
  }

  stop() {
    this.observer.disconnect();
  }

  set(values: number[], total: number, states: string, reference: number | null, floor = Infinity) {
    Object.assign(this, { values, total: Math.max(1, total), states, reference });
    const known = reference === null ? values : [...values, reference];
    this.low = Math.min(floor, ...known);
    this.high = Math.max(...known);
    if (!values.length) [this.low, this.high] = [0, 1];
    this.isFlat = this.high - this.low < 1e-9;
    if (this.isFlat) this.high = this.low + 1;
    this.draw();
  }

  mark(step?: number) {
    this.at = step;
    const value = step === undefined ? undefined : this.values?.[step];
    this.dot.hidden = value === undefined;
    this.output.textContent = writeValue(value);
    const mark = this.svg.querySelector(".mark");
    if (!mark) return;
    mark.setAttribute("d", value === undefined ? "" : `M${this.x(step!)} 0V${this.box.clientHeight}`);
    if (value === undefined) return;
    this.dot.style.left = `${this.x(step!)}px`;
    this.dot.style.top = `${this.y(value)}px`;
  }

  // In pixels, so that hatches are not stretched.
  private x(step: number) {
    return (step / this.total) * this.box.clientWidth;
  }

  private y(value: number) {
    const height = this.box.clientHeight;
    return 2 + (1 - (value - this.low) / (this.high - this.low)) * (height - 4);
  }

  private draw() {
    if (!this.values) return;
    const { values, states, reference } = this;
    const height = this.box.clientHeight;
    const line = values.map((value, i) => `${i ? "L" : "M"}${this.x(i).toFixed(1)} ${this.y(value).toFixed(1)}`);
    const spans = findSpans(states).map(([first, last]) => {
      const left = this.x(Math.max(0, first - 0.5));
      return `<rect class="silent" x="${left}" y="0" width="${this.x(last + 0.5) - left}" height="${height}"><title>silent</title></rect>`;
    });
    const best =
      reference === null ? "" : `<path class="reference" d="M0 ${this.y(reference)}H${this.box.clientWidth}"/>`;
    this.svg.innerHTML = `${HATCH}${spans.join("")}${best}<path class="line" d="${line.join("")}"/><path class="mark"/>`;
    const [high, low, sample] = this.labels;
    high.textContent = values.length && !this.isFlat ? writeValue(this.high) : "";
    low.textContent = values.length ? writeValue(this.low) : "";
    sample.textContent = reference === null ? "" : "best sample";
    if (reference !== null) sample.style.top = `${clamp(0, this.y(reference) - 12, height - 12)}px`;
    this.mark(this.at);
  }
}
