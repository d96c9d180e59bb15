// How a number of neurons becomes a rectangle, and a part of it is in sight: geometry without a canvas.
import { clamp } from "../base/elements";

/** Rows and columns that fill a box with cells near the wanted aspect, few of them blank. */
export function tile(count: number, width: number, height: number, aspect: number) {
  let best = { rows: 1, columns: count, cost: Infinity };
  for (let rows = 1; rows <= Math.min(count, 256); rows++) {
    const columns = Math.ceil(count / rows);
    const blank = rows * columns - count;
    if (blank >= columns) continue;
    const shape = width / columns / (height / rows) / aspect;
    const cost = Math.abs(Math.log(shape)) + (blank ? 0.5 + (4 * blank) / count : 0);
    if (cost < best.cost) best = { rows, columns, cost };
  }
  return best;
}

/** The part of the rectangle that is in sight: k times as large as when all is, x and y in [0, 1 - 1/k]. */
export class Viewport {
  k = 1;
  x = 0;
  y = 0;

  reset() {
    this.moveTo(0, 0, 1);
  }

  zoom(factor: number, u: number, v: number, largest: number) {
    const k = clamp(1, this.k * factor, largest);
    this.moveTo(this.x + u / this.k - u / k, this.y + v / this.k - v / k, k); // (u, v) stays there
  }

  moveTo(x: number, y: number, k = this.k) {
    const limit = 1 - 1 / k;
    this.k = k;
    this.x = clamp(0, x, limit);
    this.y = clamp(0, y, limit);
  }
}
