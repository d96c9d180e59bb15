// Where lines run over axes, which of them the brushes keep, and which one a place is on.
import { clamp } from "../base/elements";

const [TOP, BOTTOM] = [8, 20]; // room above and below the axes, in pixels
const UNKNOWN = 5; // pixels above the lower edge, where a line without a value runs
const FAN = 14; // pixels over which lines through one value are spread
const REACH = 9; // pixels from the pointer within which a line is hit

export interface Axis {
  name: string;
  measured: boolean;
  ticks: [place: number, text: string][];
}

export interface ExperimentLine {
  key: string;
  name: string;
  about: string;
  /** On each axis, from 0 to 1; null where it has no value. */
  places: (number | null)[];
  color: string;
}

/** Parts of axes that are kept, from 0 to 1, by their names. */
export type Brushes = Map<string, [low: number, high: number]>;

export function listKept(axes: Axis[], lines: ExperimentLine[], brushes: Brushes) {
  const inside = ({ places }: ExperimentLine) =>
    axes.every(({ name }, i) => {
      const [range, place] = [brushes.get(name), places[i]];
      return !range || (place !== null && place >= range[0] - 1e-9 && place <= range[1] + 1e-9);
    });
  return new Set(lines.filter(inside).map(({ key }) => key));
}

export class Coordinates {
  /** Of each axis. */
  readonly across: number[];
  /** Of each line on each axis. */
  readonly paths: number[][];

  constructor(
    private axes: Axis[],
    private lines: ExperimentLine[],
    readonly width: number,
    readonly height: number,
  ) {
    this.across = axes.map((_, i) => ((i + 0.5) * width) / axes.length);
    this.paths = lines.map((line) => this.spread(line));
  }

  get top() {
    return TOP;
  }

  get bottom() {
    return this.height - BOTTOM;
  }

  down(place: number) {
    return TOP + (1 - place) * (this.bottom - TOP);
  }

  placeAt(y: number) {
    return clamp(0, 1 - (y - TOP) / (this.bottom - TOP), 1);
  }

  trace(n: number) {
    const points = this.paths[n].map((y, i) => `${this.across[i].toFixed(1)} ${y.toFixed(1)}`);
    return `M ${points.join(" L ")}`;
  }

  /** The line of some that passes nearest to a place, or null. */
  hit(x: number, y: number, kept: Set<string>) {
    const right = this.across.findIndex((at) => at > x);
    if (right <= 0) return null; // outside the axes
    const [from, to] = [this.across[right - 1], this.across[right]];
    let [best, least]: [ExperimentLine | null, number] = [null, REACH];
    this.paths.forEach((ys, n) => {
      const slope = (ys[right] - ys[right - 1]) / (to - from);
      const distance = Math.abs(ys[right - 1] + (x - from) * slope - y) / Math.hypot(1, slope);
      if (kept.has(this.lines[n].key) && distance < least) [best, least] = [this.lines[n], distance];
    });
    return best as ExperimentLine | null;
  }

  /** Lines through one value of a parameter would cover each other: they are fanned out a little. */
  private spread(line: ExperimentLine) {
    return this.axes.map(({ measured }, i) => {
      const place = line.places[i];
      if (place === null) return this.height - UNKNOWN;
      if (measured) return this.down(place);
      const there = this.lines.filter((each) => each.places[i] === place);
      const room = Math.min(FAN, 2.5 * (there.length - 1));
      const rank = there.length > 1 ? there.indexOf(line) / (there.length - 1) - 0.5 : 0;
      return this.down(place) + rank * room;
    });
  }
}
