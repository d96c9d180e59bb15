// Two bands: the shape of each layer's distribution, each on its own scale; and below it the size of its weights, on
// one scale for all that is linear near zero and logarithmic far from it.
import { clearCanvas } from "../base/canvas";
import { writeMinus } from "../base/numbers";

const LEFT = 44; // pixels for what the axes say
const [FAINT, AXIS, WHITE] = ["#808b97", "#272e37", "#e9ecef"];
const LETTERS = '10px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

type Ink = CanvasRenderingContext2D;

/** The weights of a layer: a histogram, with its largest bin as 1, and seven rising quantiles. */
export interface WeightColumn {
  profile: number[];
  quantiles: number[];
  color: string;
}

export class StripLayout {
  readonly pitch: number;
  readonly split: number; // between the bands
  private most: number;
  private linear: number;

  constructor(
    columns: Pick<WeightColumn, "quantiles">[],
    readonly width: number,
    readonly height: number,
  ) {
    this.pitch = (width - LEFT) / columns.length;
    this.split = Math.round(height * 0.46);
    const ends = columns.map(({ quantiles }) => [quantiles[0], quantiles.at(-1)!]);
    this.most = Math.max(...ends.flat().map(Math.abs)) || 1;
    const spans = ends.map(([low, high]) => high - low).filter(Boolean);
    this.linear = (spans.length ? Math.min(...spans) : this.most) / 8;
  }

  left(i: number) {
    return LEFT + i * this.pitch;
  }

  /** Down the second band: zero in its middle. */
  y(value: number) {
    const scaled = Math.asinh(value / this.linear) / Math.asinh(this.most / this.linear);
    const [top, bottom] = [this.split + 8, this.height - 5];
    return (top + bottom) / 2 - (scaled * (bottom - top)) / 2;
  }

  /** Two powers of ten, up and down: lines, of which the outer ones and zero are named. */
  get ticks() {
    const power = 10 ** Math.floor(Math.log10(this.most));
    return [power, power / 10, 0, -power / 10, -power];
  }
}

export function drawStrip(canvas: HTMLCanvasElement, layout: StripLayout, columns: WeightColumn[]) {
  const ink = clearCanvas(canvas, layout.width, layout.height);
  drawAxes(ink, layout);
  columns.forEach((column, i) => {
    drawShape(ink, layout, column, layout.left(i));
    drawFan(ink, layout, column, layout.left(i));
  });
}

function drawAxes(ink: Ink, layout: StripLayout) {
  ink.font = LETTERS;
  ink.fillStyle = FAINT;
  ink.textAlign = "right";
  ink.strokeStyle = AXIS;
  ink.lineWidth = 1;
  const line = (y: number) => {
    ink.beginPath();
    ink.moveTo(LEFT - 4, Math.round(y) + 0.5);
    ink.lineTo(layout.width, Math.round(y) + 0.5);
    ink.stroke();
  };
  const middle = layout.split / 2;
  line(middle);
  ink.fillText("+4 sd", LEFT - 7, 9);
  ink.fillText("0", LEFT - 7, middle + 3.5);
  ink.fillText("−4 sd", LEFT - 7, layout.split - 2);
  layout.ticks.forEach((tick, i) => {
    line(layout.y(tick));
    if (i % 2) return;
    ink.fillText(writeMinus(String(Number(tick.toPrecision(1)))), LEFT - 7, layout.y(tick) + 3.5);
  });
}

/** A histogram and its mirror image. */
function drawShape(ink: Ink, layout: StripLayout, { profile, color }: WeightColumn, left: number) {
  const [room, bin] = [layout.pitch * 0.42, (layout.split - 2) / profile.length];
  const middle = left + layout.pitch / 2;
  ink.fillStyle = color;
  profile.forEach((share, i) => {
    const y = layout.split - 1 - (i + 1) * bin;
    ink.fillRect(middle - room * share, y, 2 * room * share, bin + 0.3);
  });
}

/** From 1 to 99 %, from 5 to 95 %, the middle half, and the median. */
function drawFan(ink: Ink, layout: StripLayout, { quantiles, color }: WeightColumn, left: number) {
  const wide = Math.min(26, layout.pitch * 0.7);
  const middle = left + layout.pitch / 2;
  [0.28, 0.55, 1].forEach((opacity, i) => {
    const [top, bottom] = [layout.y(quantiles.at(-1 - i)!), layout.y(quantiles[i])];
    ink.globalAlpha = opacity;
    ink.fillStyle = color;
    ink.fillRect(middle - wide / 2, top, wide, Math.max(1, bottom - top));
  });
  ink.globalAlpha = 1;
  ink.fillStyle = WHITE;
  ink.fillRect(middle - wide / 2, layout.y(quantiles[3]) - 0.75, wide, 1.5);
}
