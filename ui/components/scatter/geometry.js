// What the plot is made of, without a plot: numbers from bytes, positions in a box, what a line
// encloses. The scripts of this folder are joined to one module.

const BACKGROUND = "#14181d";
const ACCENT = "#ffb454";
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

// Into a box around the origin whose longer side reaches from -1 to 1.
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

// Whether a closed line, [x, y, x, y, ...], goes round a point. Loops that it makes on its way count
// as inside: the winding number is not zero.
function encloses(line, x, y) {
  let winding = 0;
  let [fromX, fromY] = line.slice(-2);
  for (let i = 0; i < line.length; i += 2) {
    const [toX, toY] = [line[i], line[i + 1]];
    const side = (toX - fromX) * (y - fromY) - (x - fromX) * (toY - fromY);
    if (fromY <= y && toY > y && side > 0) winding++;
    else if (fromY > y && toY <= y && side < 0) winding--;
    [fromX, fromY] = [toX, toY];
  }
  return winding !== 0;
}
