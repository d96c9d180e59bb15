// Where tiles lie: one after the other, as large as fits, or in rows of input channels and columns of filters. A
// weight is a whole number of the screen's pixels, unless it has so many that nobody sees one more or less.
import { clamp } from "../base/elements";

const LIST = { gap: 10, widest: 28, bar: 5, caption: 17 };
export const GUTTER = { left: 62, top: 40 };
const MANY = 6;
const LARGEST = 30; // pixels of a weight in a matrix
const CAPTIONED = 26; // pixels: narrower tiles have no room for a number

/** How many tiles there are, and how many weights each shows. */
interface Extent {
  rows: number;
  columns: number;
  width: number;
  height: number;
}

export class KernelLayout {
  readonly isList: boolean;
  readonly across: number;
  readonly captioned: boolean = false;
  private w = 0;
  private h = 0;
  readonly dx: number;
  readonly dy: number;
  readonly x0: number = 0;
  readonly y0: number = 0;

  constructor(
    readonly extent: Extent,
    readonly width: number,
    readonly height: number,
    private ratio: number,
  ) {
    this.isList = extent.rows === 1;
    if (this.isList) {
      const best = this.fill();
      this.across = best.across;
      this.captioned = best.captioned;
      this.measure(best.unit);
      // What is left over widens the gaps.
      const [down, under] = [Math.ceil(extent.columns / this.across), LIST.bar + (this.captioned ? LIST.caption : 0)];
      const spread = (room: number, n: number) => (n > 1 ? clamp(LIST.gap, room / (n - 1), LIST.widest) : 0);
      this.dx = this.w + spread(width - this.across * this.w, this.across);
      this.dy = this.h + under + spread(height - down * (this.h + under), down);
    } else {
      const gap = extent.width * extent.height > 1 ? 2 : 0;
      const wide = ((width - GUTTER.left) / extent.columns - gap) / extent.width;
      const high = ((height - GUTTER.top) / extent.rows - gap) / extent.height;
      this.measure(Math.min(wide, high, LARGEST));
      this.dx = this.w + gap;
      this.dy = this.h + gap;
      this.across = extent.columns;
      [this.x0, this.y0] = [GUTTER.left, GUTTER.top];
    }
  }

  /** Sides of a tile whose weights have so many pixels at most; less than one only in a crowd. */
  private measure(room: number) {
    const { extent, ratio } = this;
    const whole = room * ratio < MANY ? Math.floor(room * ratio) / ratio || Math.max(0.25, room) : room;
    this.w = Math.floor(whole * extent.width * ratio) / ratio || whole;
    this.h = Math.floor(whole * extent.height * ratio) / ratio || whole;
  }

  /** How many tiles side by side let each be the largest, and the pixels of a weight then. */
  private fill() {
    const { extent, width, height } = this;
    let best = { unit: -1, across: 1, captioned: false };
    for (let across = 1; across <= extent.columns; across++) {
      const down = Math.ceil(extent.columns / across);
      const wide = (width - (across - 1) * LIST.gap) / across / extent.width;
      const high = (height - (down - 1) * LIST.gap) / down - LIST.bar;
      const side = Math.min(wide, (high - LIST.caption) / extent.height);
      const captioned = side * extent.width >= CAPTIONED;
      const unit = captioned ? side : Math.min(wide, high / extent.height, CAPTIONED / extent.width);
      if (unit > best.unit) best = { unit, across, captioned };
    }
    return best;
  }

  /** Left, top, width and height of a tile, by its number: row by row. */
  place(i: number): [number, number, number, number] {
    const [row, column] = [Math.floor(i / this.across), i % this.across];
    return [this.x0 + column * this.dx, this.y0 + row * this.dy, this.w, this.h];
  }

  /** The tile at a point, -1 where there is none. The gutter above a column belongs to its first tile. */
  at(x: number, y: number) {
    const [column, row] = [Math.floor((x - this.x0) / this.dx), Math.max(0, Math.floor((y - this.y0) / this.dy))];
    const i = row * this.across + column;
    return column >= 0 && column < this.across && i < this.extent.rows * this.extent.columns ? i : -1;
  }

  /** Its column in the arrays: the filter. */
  column(i: number) {
    return this.isList ? i : i % this.across;
  }
}
