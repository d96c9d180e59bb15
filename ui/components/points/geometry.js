// What plots are made of, without a plot: colours and shapes, numbers from bytes, what a line encloses.
// The scripts of this folder come before those of a plot, and all are joined to one module.

const BACKGROUND = "#14181d";
const ACCENT = "#ffb454";
const SHAPES = {
  circle: "M 1 0 A 1 1 0 1 1 -1 0 A 1 1 0 1 1 1 0 Z",
  diamond: "M 0 -1.2 L 1.2 0 L 0 1.2 L -1.2 0 Z",
  triangle: "M 0 -1.2 L 1.15 0.85 L -1.15 0.85 Z",
  square: "M -0.92 -0.92 H 0.92 V 0.92 H -0.92 Z",
};

const clamp = (low, value, high) => Math.min(high, Math.max(low, value));

// Arrow hands bytes out at any offset; typed arrays want theirs aligned.
function decode(table, column, Type) {
  const bytes = table.getChild(column).get(0).slice();
  return new Type(bytes.buffer);
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
