// Channels as dots: selectivity to the right, strength upwards, and above them how many are how selective.
import { clearCanvas } from "../base/canvas";
import { find, make } from "../base/elements";
import { writeNumber } from "../base/numbers";

const BINS = 20;
const CROWN = 0.2; // of the height: the histogram
const GAP = 0.1; // below it, for a label
const GUTTER = 0.11; // of the width: those for which selectivity is not defined
const REACH = 14; // pixels within which a dot is under the pointer
const FOOT = 16; // pixels below the dots, for the scale

/** Of each channel its selectivity in [0, 1], or null; its largest activation; and its class, -1 for none. */
export interface Channels {
  index: (number | null)[];
  /** What 95 % of shuffled labels stay at or below, or null. */
  by_chance: (number | null)[];
  strongest: number[];
  preferred: number[];
  /** Names and colours. */
  classes: [string, string][];
  current: number;
}

/** Whether a channel is no more selective than shuffled labels make it; not where that was not tested. */
export const isByChance = ({ index, by_chance }: Channels, i: number) => {
  const [found, limit] = [index[i], by_chance[i]];
  return found !== null && limit !== null && found <= limit;
};

export const writePeak = (value: number) => writeNumber(value, 1e-3, 1e3);

/** Where channels stand, in shares of the box, and how many are how selective. */
export class FieldLayout {
  /** Whether none has a selectivity: then they stand by their numbers. */
  readonly bare: boolean;
  /** Left of it stand those for which selectivity is not defined. */
  readonly start: number;
  readonly low: number;
  readonly high: number;
  readonly counts: number[] = Array(BINS).fill(0);

  constructor(
    private index: (number | null)[],
    private strongest: number[],
  ) {
    const missing = index.filter((each) => each === null).length;
    this.bare = missing === index.length;
    this.start = missing > 0 && !this.bare ? GUTTER : 0;
    this.low = Math.min(0, ...strongest);
    const high = Math.max(...strongest);
    this.high = high === this.low ? this.low + 1 : high;
    for (const each of index) if (each !== null) this.counts[Math.min(BINS - 1, Math.floor(each * BINS))]++;
  }

  place(i: number): [number, number] {
    const { index, start } = this;
    const spread = ((i * 0.618034) % 1) * (GUTTER - 0.03) + 0.01; // side by side, so that few hide others
    const selectivity = index[i];
    const known = selectivity === null ? spread : start + selectivity * (1 - start);
    const x = this.bare ? (i + 0.5) / index.length : known;
    const y = (this.strongest[i] - this.low) / (this.high - this.low);
    return [x, CROWN + GAP + (1 - CROWN - GAP - 0.02) * (1 - y)];
  }
}

export class Field {
  private canvas = make("canvas");
  private tip: HTMLElement;
  private data?: Channels;
  private layout!: FieldLayout;
  private describe!: (channel: number) => HTMLElement[];
  private dots: [number, number][] = [];
  private observer = new ResizeObserver(() => this.paint());

  constructor(
    private box: HTMLElement,
    pick: (channel: number) => void,
  ) {
    this.tip = find(box, ".tip");
    box.insertBefore(this.canvas, this.tip);
    box.onpointermove = (event) => this.point(this.at(event));
    box.onpointerleave = () => this.point(-1);
    box.onclick = (event) => {
      const found = this.at(event);
      if (found >= 0) pick(found);
    };
    this.observer.observe(box);
  }

  stop() {
    this.observer.disconnect();
  }

  show(data: Channels, describe: (channel: number) => HTMLElement[]) {
    this.data = data;
    this.describe = describe;
    this.layout = new FieldLayout(data.index, data.strongest);
    this.paint();
  }

  private paint() {
    if (!this.data) return;
    this.drawFrame(this.data);
    const { clientWidth: width, clientHeight } = this.box;
    const height = clientHeight - FOOT;
    const ink = clearCanvas(this.canvas, width, height);
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    const { strongest, preferred, classes, current } = this.data;
    this.dots = strongest.map((_, i) => {
      const [x, y] = this.layout.place(i);
      return [x * width, y * height];
    });
    const radius = strongest.length > 400 ? 2.2 : 3;
    const colorOf = (i: number) => classes[preferred[i]]?.[1] ?? "#6d7884";
    const dot = ([x, y]: [number, number], color: string, size: number, alpha: number) => {
      ink.globalAlpha = alpha;
      ink.fillStyle = color;
      ink.beginPath();
      ink.arc(x, y, size, 0, 7);
      ink.fill();
    };
    const channels = this.data;
    this.dots.forEach((at, i) => dot(at, colorOf(i), radius, isByChance(channels, i) ? 0.28 : 0.78));
    const at = this.dots[current];
    if (!at) return;
    dot(at, "#14181d", radius + 4, 1);
    dot(at, "#ffb454", radius + 3, 1);
    dot(at, colorOf(current), radius + 0.6, 1);
  }

  private drawFrame({ index, current }: Channels) {
    const { start, counts, bare, low, high } = this.layout;
    const most = Math.max(1, ...counts);
    const [x] = this.layout.place(current);
    const bars = counts.map((count, i) => {
      const height = (CROWN * count) / most;
      const width = (1 - start) / BINS;
      return `<rect class="bar" x="${start + i * width}" y="${CROWN - height}" width="${width * 0.92}" height="${height}"/>`;
    });
    const gutter = `<rect class="gutter" x="0" y="${CROWN}" width="${GUTTER - 0.015}" height="${1 - CROWN}"/>`;
    const axes = `<path class="axis" d="M${start} ${CROWN}H1M${start} 1H1"/><path class="mark" d="M${x} 0V1"/>`;
    const svg = find(this.box, "svg");
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.innerHTML = `${start ? gutter : ""}${bars.join("")}${axes}`;
    const crown = `calc(${100 * CROWN}% - ${FOOT * CROWN - 3}px)`;
    const left = `calc(${100 * start}% + 3px)`;
    const set = (name: string, text: string, place: Partial<CSSStyleDeclaration>) => {
      const label = find(this.box, name);
      label.textContent = text;
      Object.assign(label.style, place);
    };
    set(".top", `↑ ${writePeak(high)} strongest activation`, { top: crown, left });
    set(".bottom", writePeak(low), { bottom: "18px", left });
    find(this.box, ".none").hidden = !start;
    const scale = find(this.box, ".scale");
    scale.style.left = `${100 * start}%`;
    const [middle, end] = bare ? ["by number: none has a selectivity", String(index.length - 1)] : ["selectivity", "1"];
    ["0", middle, end].forEach((text, i) => {
      scale.children[i].textContent = text;
    });
    const known = counts.reduce((sum, each) => sum + each, 0);
    svg.setAttribute("aria-label", `${known} of ${index.length} have a selectivity`);
  }

  private at(event: MouseEvent) {
    const { left, top } = this.box.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    let best = -1;
    let least = REACH ** 2;
    this.dots.forEach(([dx, dy], i) => {
      const distance = (dx - x) ** 2 + (dy - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  private point(i: number) {
    this.tip.hidden = i < 0;
    this.box.style.cursor = i < 0 ? "default" : "pointer";
    if (i < 0) return;
    this.tip.replaceChildren(...this.describe(i));
    const [x, y] = this.dots[i];
    const room = this.box.clientWidth;
    const flip = x > room / 2;
    Object.assign(this.tip.style, {
      left: flip ? "auto" : `${x + 10}px`,
      right: flip ? `${room - x + 10}px` : "auto",
      top: `${Math.max(0, y - 20)}px`,
    });
  }
}
