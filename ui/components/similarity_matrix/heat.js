// The cells, and beside them a strip in the colours of the layers' kinds.
const STRIP = 5; // pixels
const EDGE = STRIP + 2; // where the cells begin
const SMALLEST = 4;
const HIGHEST = 26;
const HATCH = 4;
const [PANEL, RAISED] = ["#14181d", "#1b2027"];

// Where cells lie in a box of a width: as wide as fits, high enough for the longer side to fit as well.
class Layout {
  constructor(rows, columns, width, ratio) {
    Object.assign(this, { rows, columns, ratio });
    const room = width - EDGE;
    this.w = Math.max(SMALLEST, room / columns);
    this.h = Math.min(HIGHEST, Math.max(SMALLEST, room / Math.max(rows, columns)));
    this.width = Math.max(width, Math.ceil(EDGE + columns * this.w));
    this.height = Math.ceil(EDGE + rows * this.h);
  }

  // Edges lie on whole pixels of the device, so that cells do not blur.
  snap(v) {
    return Math.round(v * this.ratio) / this.ratio;
  }

  x(column) {
    return this.snap(EDGE + column * this.w);
  }

  y(row) {
    return this.snap(EDGE + row * this.h);
  }

  place(pair) {
    const [row, column] = [Math.floor(pair / this.columns), pair % this.columns];
    const [x, y] = [this.x(column), this.y(row)];
    return [x, y, this.x(column + 1) - x, this.y(row + 1) - y];
  }

  // The pair at a point; -1 on the strips.
  at(x, y) {
    const [row, column] = [Math.floor((y - EDGE) / this.h), Math.floor((x - EDGE) / this.w)];
    const inside = row >= 0 && row < this.rows && column >= 0 && column < this.columns;
    return inside ? row * this.columns + column : -1;
  }
}

function fit(canvas, { width, height, ratio }) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ink = canvas.getContext("2d");
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ink;
}

function drawHeat(canvas, layout, values, sides) {
  const ink = fit(canvas, layout);
  const hatch = makeHatch(ink, layout.ratio);
  values.value.forEach((value, pair) => {
    const place = layout.place(pair);
    ink.fillStyle = values.isDefined(pair) ? values.color(value) : RAISED;
    ink.fillRect(...place);
    if (!values.isByChance(pair)) return;
    ink.fillStyle = `${PANEL}99`;
    ink.fillRect(...place);
    ink.fillStyle = hatch;
    ink.fillRect(...place);
  });
  sides[0].layers.forEach(({ color }, row) => {
    ink.fillStyle = color;
    ink.fillRect(0, layout.y(row), STRIP, layout.y(row + 1) - layout.y(row) - 0.5);
  });
  sides[1].layers.forEach(({ color }, column) => {
    ink.fillStyle = color;
    ink.fillRect(layout.x(column), 0, layout.x(column + 1) - layout.x(column) - 0.5, STRIP);
  });
}

// Diagonal lines that go on from cell to cell.
function makeHatch(ink, ratio) {
  const side = Math.round(HATCH * ratio);
  const tile = new OffscreenCanvas(side, side);
  const pen = tile.getContext("2d");
  pen.strokeStyle = "#6d7884";
  pen.lineWidth = ratio;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  const pattern = ink.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
