// What the plot is made of, without a plot: numbers from bytes, positions in a box, pictures of marks.
// The scripts of this folder are joined to one module.

const BACKGROUND = "#14181d";
const SHAPES = {
  circle: "M 1 0 A 1 1 0 1 1 -1 0 A 1 1 0 1 1 1 0 Z",
  diamond: "M 0 -1.2 L 1.2 0 L 0 1.2 L -1.2 0 Z",
  triangle: "M 0 -1.2 L 1.15 0.85 L -1.15 0.85 Z",
  square: "M -0.92 -0.92 H 0.92 V 0.92 H -0.92 Z",
};

// Arrow hands bytes out at any offset; typed arrays want theirs aligned.
function decode(table, column, Type) {
  const bytes = table.getChild(column).get(0).slice();
  return new Type(bytes.buffer);
}

function normalize(flat) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  flat.forEach((v, i) => {
    low[i & 1] = Math.min(low[i & 1], v);
    high[i & 1] = Math.max(high[i & 1], v);
  });
  const half = [0, 1].map((axis) => (high[axis] - low[axis]) / 2);
  const scale = 1 / (Math.max(...half) || 1);
  return {
    at: flat.map((v, i) => (v - (low[i & 1] + high[i & 1]) / 2) * scale),
    half: half.map((h) => h * scale || 1e-6),
  };
}

function makeSprite(color, shape, radius, side, ratio) {
  const sprite = new OffscreenCanvas(side * ratio, side * ratio);
  const ink = sprite.getContext("2d");
  const r = radius * ratio;
  ink.setTransform(r, 0, 0, r, (side * ratio) / 2, (side * ratio) / 2);
  const path = new Path2D(SHAPES[shape]);
  ink.lineWidth = 1.6 / radius; // a rim of the background keeps neighbours apart
  ink.strokeStyle = BACKGROUND;
  ink.stroke(path);
  ink.fillStyle = color;
  ink.fill(path);
  return sprite;
}
