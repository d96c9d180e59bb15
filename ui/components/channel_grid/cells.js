// How a number of neurons becomes a rectangle, and a part of it a window: geometry without a canvas.

const NAMED = 60; // so few cells that their names may fit into them

// Rows and columns that fill a box with cells near the wanted aspect, few of them blank.
function tile(count, width, height, aspect) {
  let best = null;
  for (let rows = 1; rows <= Math.min(count, 256); rows++) {
    const columns = Math.ceil(count / rows);
    const blank = rows * columns - count;
    if (blank >= columns) continue;
    const shape = width / columns / (height / rows) / aspect;
    const cost = Math.abs(Math.log(shape)) + (blank ? 0.5 + (4 * blank) / count : 0);
    if (!best || cost < best.cost) best = { rows, columns, cost };
  }
  return best;
}

// The part of the rectangle that is in sight: k times as large as when all is, x and y in [0, 1 - 1/k].
class Viewport {
  constructor() {
    this.reset();
  }

  reset() {
    Object.assign(this, { k: 1, x: 0, y: 0 });
  }

  zoom(factor, u, v, largest) {
    const k = Math.min(largest, Math.max(1, this.k * factor));
    this.moveTo(this.x + u / this.k - u / k, this.y + v / this.k - v / k, k); // (u, v) stays there
  }

  moveTo(x, y, k = this.k) {
    const limit = 1 - 1 / k;
    this.k = k;
    this.x = Math.min(limit, Math.max(0, x));
    this.y = Math.min(limit, Math.max(0, y));
  }
}
