// Tiles with their numbers and the bars of their norms; and, on a canvas of its own, what is pointed at.
const [INK, QUIET, BAR, TRACK, AMBER] = ["#c3cad1", "#808b97", "#5f7a93", "#272e37", "#ffb454"];
const FONT = '10.5px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

function fit(canvas, { width, height, ratio }) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ink = canvas.getContext("2d");
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  ink.imageSmoothingEnabled = false;
  return ink;
}

// All tiles in one picture, a pixel a weight, side by side row after row.
function compose(facts, tiles) {
  const { rows, columns, width, height, isColored } = facts;
  const image = new ImageData(columns * width, rows * height);
  const depth = isColored ? 3 : 1;
  let from = 0;
  for (let i = 0; i < rows * columns; i++) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    for (let y = 0; y < height; y++) {
      let to = 4 * ((row * height + y) * columns * width + column * width);
      for (let x = 0; x < width; x++, from += depth, to += 4) {
        for (let c = 0; c < 3; c++) image.data[to + c] = tiles[from + (isColored ? c : 0)];
        image.data[to + 3] = 255;
      }
    }
  }
  const sheet = new OffscreenCanvas(image.width, image.height);
  sheet.getContext("2d").putImageData(image, 0, 0);
  return sheet;
}

function drawTile(ink, sheet, facts, i, x, y, w, h) {
  const [row, column] = [Math.floor(i / facts.columns), i % facts.columns];
  ink.drawImage(sheet, column * facts.width, row * facts.height, facts.width, facts.height, x, y, w, h);
}

function drawTiles(canvas, layout, page) {
  const ink = fit(canvas, layout);
  const { facts } = layout;
  for (let i = 0; i < facts.rows * facts.columns; i++) drawTile(ink, page.sheet, facts, i, ...layout.place(i));
  ink.font = FONT;
  if (layout.isList) drawCaptions(ink, layout, page);
  else drawGutters(ink, layout, page);
}

// Below each tile a bar as long as its filter's norm, its number, and the norm where there is room.
function drawCaptions(ink, layout, { facts, filters, norms }) {
  filters.forEach((number, i) => {
    const [x, y, w, h] = layout.place(i);
    ink.fillStyle = TRACK;
    ink.fillRect(x, y + h + 3, w, 2);
    ink.fillStyle = BAR;
    ink.fillRect(x, y + h + 3, (w * norms[i]) / facts.largest, 2);
    if (!layout.captioned) return;
    ink.fillStyle = INK;
    ink.textAlign = "left";
    ink.fillText(String(number), x, y + h + 17);
    if (w < 58) return;
    ink.fillStyle = QUIET;
    ink.textAlign = "right";
    ink.fillText(norms[i].toFixed(2), x + w, y + h + 17);
  });
}

// Above each column and beside each row its number and the bar of its norm.
function drawGutters(ink, layout, { facts, filters, norms, rowNorms, rowNumbers }) {
  const every = (pitch, room) => Math.max(1, Math.ceil(room / pitch));
  const across = every(layout.dx, 24);
  filters.forEach((number, i) => {
    const [x] = layout.place(i);
    const tall = (16 * norms[i]) / facts.largest;
    ink.fillStyle = BAR;
    ink.fillRect(x, GUTTER.top - 5 - tall, Math.max(1, layout.w), tall);
    if (i % across) return;
    ink.fillStyle = QUIET;
    ink.textAlign = "left";
    ink.fillText(String(number), x, 12);
  });
  const down = every(layout.dy, 13);
  rowNumbers.forEach((number, row) => {
    const [, y, , h] = layout.place(row * layout.across);
    const long = (18 * rowNorms[row]) / facts.largestRow;
    ink.fillStyle = BAR;
    ink.fillRect(GUTTER.left - 5 - long, y, long, Math.max(1, h));
    if (row % down) return;
    ink.fillStyle = QUIET;
    ink.textAlign = "right";
    ink.fillText(String(number), GUTTER.left - 28, y + Math.min(h, 13) / 2 + 4);
  });
}

function drawMarks(canvas, layout, cursor) {
  const ink = fit(canvas, layout);
  if (cursor < 0) return;
  const [x, y, w, h] = layout.place(cursor);
  const frame = (left, top, wide, high, color, width) => {
    ink.lineWidth = width;
    ink.strokeStyle = color;
    ink.strokeRect(left - 1, top - 1, wide + 2, high + 2);
  };
  if (!layout.isList) {
    const { rows, columns } = layout.facts;
    frame(x, layout.y0, w, rows * layout.dy - (layout.dy - h), "#ffb45499", 1);
    frame(layout.x0, y, columns * layout.dx - (layout.dx - w), h, "#ffffff55", 1);
  }
  frame(x, y, w, h, AMBER, 2);
}
