// What changes under the pointer, on a canvas of its own: the pinned sample with its neighbours, the hovered one, the
// line of a lasso.
import { inkOf } from "../base/elements";
import type { Album } from "./album";
import { ACCENT, BACKGROUND, type Entry, type Pair, SHAPES } from "./geometry";

export const RIM = 0.7; // pixels of background round a mark, to keep neighbours apart

/** Says where samples are and what they look like. */
export interface Scenery {
  place(i: number): Pair;
  entry(i: number): Entry;
  /** Of a mark, in pixels. */
  readonly radius: number;
  /** Side of a picture in pixels; null while points are drawn. */
  readonly size: number | null;
  readonly album: Album | null;
}

export interface Marked {
  pinned: number;
  neighbors: Iterable<number>;
  hovered: number;
  /** Of a lasso: [x, y, x, y, ...]. */
  line: number[];
}

export class Marks {
  private ink: CanvasRenderingContext2D;
  private stage!: Scenery;
  private width = 0;
  private height = 0;
  private factor = 1;

  constructor(private canvas: HTMLCanvasElement) {
    this.ink = inkOf(canvas);
  }

  resize(width: number, height: number, ratio: number) {
    Object.assign(this, { width, height });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  draw(stage: Scenery, { pinned, neighbors, hovered, line }: Marked) {
    this.stage = stage;
    this.ink.clearRect(0, 0, this.width, this.height);
    if (pinned >= 0) this.drawPinned(pinned, neighbors);
    if (hovered >= 0) this.drawHovered(hovered, pinned);
    if (line.length > 2) this.drawLine(line);
  }

  private drawPinned(pinned: number, neighbors: Iterable<number>) {
    const { ink, stage } = this;
    const [x, y] = stage.place(pinned);
    ink.beginPath();
    for (const other of neighbors) {
      ink.moveTo(x, y);
      ink.lineTo(...stage.place(other));
    }
    this.stroke("#0e1114a6", 3);
    this.stroke("#ffffffa6", 1.1);
    for (const other of neighbors) {
      this.drawSample(other, 1.1);
      this.ring(other, 2, "#ffffffe6", stage.size ? 1.5 : 1.1);
    }
    this.drawSample(pinned, stage.size ? 1.4 : 1.15);
    this.ring(pinned, 4, "#0e1114", 4);
    this.ring(pinned, 4, "#ffffff", 2);
  }

  private drawHovered(hovered: number, pinned: number) {
    const { size } = this.stage;
    if (hovered === pinned) return this.ring(hovered, 7, ACCENT, 1.5);
    this.drawSample(hovered, size ? 1.35 : 1.3);
    this.ring(hovered, size ? 1.5 : 3.5, ACCENT, size ? 2 : 1.5);
  }

  /** Brought to the front, and a little larger than it lies there. */
  private drawSample(i: number, factor: number) {
    const { ink, stage } = this;
    const [x, y] = stage.place(i);
    const { color, shape } = stage.entry(i);
    if (stage.size) {
      this.factor = factor;
      const side = stage.size * factor;
      ink.fillStyle = color;
      ink.fillRect(x - side / 2, y - side / 2, side, side);
      stage.album?.draw(ink, i, x - side / 2 + 1, y - side / 2 + 1, side - 2);
      return;
    }
    const r = stage.radius * factor;
    ink.save();
    ink.translate(x, y);
    ink.scale(r, r);
    const path = new Path2D(SHAPES[shape]);
    ink.lineWidth = (2 * RIM) / r;
    ink.strokeStyle = BACKGROUND;
    ink.fillStyle = color;
    ink.stroke(path);
    ink.fill(path);
    ink.restore();
  }

  private ring(i: number, gap: number, color: string, width: number) {
    const { ink, stage } = this;
    const [x, y] = stage.place(i);
    ink.beginPath();
    if (stage.size) {
      const half = (stage.size * this.factor) / 2 + width / 2;
      ink.roundRect(x - half, y - half, 2 * half, 2 * half, 2);
    } else ink.arc(x, y, stage.radius + gap, 0, 7);
    this.stroke(color, width);
  }

  private drawLine(line: number[]) {
    const { ink } = this;
    ink.beginPath();
    for (let i = 0; i < line.length; i += 2) ink.lineTo(line[i], line[i + 1]);
    ink.fillStyle = `${ACCENT}1f`;
    ink.fill();
    ink.lineJoin = ink.lineCap = "round";
    this.stroke("#0e1114a6", 4); // to be seen on pictures
    this.stroke(ACCENT, 1.5);
    ink.beginPath(); // how it would be closed
    ink.moveTo(line[line.length - 2], line[line.length - 1]);
    ink.lineTo(line[0], line[1]);
    ink.setLineDash([2, 4]);
    this.stroke(`${ACCENT}99`, 1);
    ink.setLineDash([]);
  }

  private stroke(color: string, width: number) {
    this.ink.strokeStyle = color;
    this.ink.lineWidth = width;
    this.ink.stroke();
  }
}
