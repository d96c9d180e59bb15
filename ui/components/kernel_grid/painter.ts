// Tiles with their numbers and the bars of their norms; on a canvas of its own, what is pointed at; and a tile alone.
import { clearCanvas } from "../base/canvas";
import { make } from "../base/elements";
import { writeMinus } from "../base/numbers";
import { GUTTER, type KernelLayout } from "./layout";

const [INK, QUIET, BAR, TRACK, AMBER] = ["#c3cad1", "#808b97", "#5f7a93", "#272e37", "#ffb454"];
const FONT = '10.5px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
const ENLARGED = 132;
const NUMBERED = 9; // weights that can be read as numbers
const SMALLEST_TOLD = 42; // pixels of an enlarged weight that has room for its number

type Ink = CanvasRenderingContext2D;

/** How an axis is cut into pages. */
export interface Pages {
  names: string[];
  chosen: number;
}

export interface Facts {
  rows: number;
  columns: number;
  height: number;
  width: number;
  isColored: boolean;
  largest: number;
  largestRow: number;
  limit: number;
  isCut: boolean;
  pages: { rows: Pages; columns: Pages };
  title: string;
  summary: string;
  /** What a column and what a row is called. */
  names: [string, string];
  link: string;
  isLinked: boolean;
}

/** What is drawn: tiles, (rows, columns), as one picture; input channels, -1 where a tile reads all; norms. */
export interface KernelPage {
  facts: Facts;
  sheet: OffscreenCanvas;
  weights: Float32Array;
  inputs: Int32Array;
  filters: number[];
  norms: Float32Array;
  rowNorms: Float32Array;
}

/** All tiles in one picture, a pixel a weight, side by side row after row. */
export function compose({ rows, columns, width, height, isColored }: Facts, tiles: Uint8Array) {
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
  sheet.getContext("2d")?.putImageData(image, 0, 0);
  return sheet;
}

function drawTile(ink: Ink, { facts, sheet }: KernelPage, i: number, x: number, y: number, w: number, h: number) {
  const [row, column] = [Math.floor(i / facts.columns), i % facts.columns];
  ink.imageSmoothingEnabled = false;
  ink.drawImage(sheet, column * facts.width, row * facts.height, facts.width, facts.height, x, y, w, h);
}

export function drawTiles(canvas: HTMLCanvasElement, layout: KernelLayout, page: KernelPage) {
  const ink = clearCanvas(canvas, layout.width, layout.height);
  const { rows, columns } = page.facts;
  for (let i = 0; i < rows * columns; i++) drawTile(ink, page, i, ...layout.place(i));
  ink.font = FONT;
  if (layout.isList) drawCaptions(ink, layout, page);
  else drawGutters(ink, layout, page);
}

/** Below each tile a bar as long as its filter's norm, its number, and the norm where there is room. */
function drawCaptions(ink: Ink, layout: KernelLayout, { facts, filters, norms }: KernelPage) {
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

/** Above each column and beside each row its number and the bar of its norm. */
function drawGutters(ink: Ink, layout: KernelLayout, { facts, filters, inputs, norms, rowNorms }: KernelPage) {
  const every = (pitch: number, room: number) => Math.max(1, Math.ceil(room / pitch));
  const across = every(layout.dx, 24);
  filters.forEach((number, i) => {
    const [x, , w] = layout.place(i);
    const tall = (16 * norms[i]) / facts.largest;
    ink.fillStyle = BAR;
    ink.fillRect(x, GUTTER.top - 5 - tall, Math.max(1, w), tall);
    if (i % across) return;
    ink.fillStyle = QUIET;
    ink.textAlign = "left";
    ink.fillText(String(number), x, 12);
  });
  const down = every(layout.dy, 13);
  for (let row = 0; row < facts.rows; row++) {
    const [, y, , h] = layout.place(row * layout.across);
    const long = (18 * rowNorms[row]) / facts.largestRow;
    ink.fillStyle = BAR;
    ink.fillRect(GUTTER.left - 5 - long, y, long, Math.max(1, h));
    if (row % down) continue;
    ink.fillStyle = QUIET;
    ink.textAlign = "right";
    ink.fillText(String(inputs[row * facts.columns]), GUTTER.left - 28, y + Math.min(h, 13) / 2 + 4);
  }
}

export function drawMarks(canvas: HTMLCanvasElement, layout: KernelLayout, cursor: number) {
  const ink = clearCanvas(canvas, layout.width, layout.height);
  if (cursor < 0) return;
  const [x, y, w, h] = layout.place(cursor);
  const frame = (left: number, top: number, wide: number, high: number, color: string, width: number) => {
    ink.lineWidth = width;
    ink.strokeStyle = color;
    ink.strokeRect(left - 1, top - 1, wide + 2, high + 2);
  };
  if (!layout.isList) {
    const { rows, columns } = layout.extent;
    frame(x, layout.y0, w, rows * layout.dy - (layout.dy - h), "#ffb45499", 1);
    frame(layout.x0, y, columns * layout.dx - (layout.dx - w), h, "#ffffff55", 1);
  }
  frame(x, y, w, h, AMBER, 2);
}

/** A tile again, large; a few weights as numbers. */
export function enlarge(page: KernelPage, i: number, values: Float32Array) {
  const { width, height, isColored, limit } = page.facts;
  const px = Math.floor(ENLARGED / Math.max(width, height));
  const canvas = make("canvas");
  Object.assign(canvas.style, { width: `${px * width}px`, height: `${px * height}px` });
  const ink = clearCanvas(canvas, px * width, px * height);
  drawTile(ink, page, i, 0, 0, px * width, px * height);
  if (isColored || values.length > NUMBERED || px < SMALLEST_TOLD) return canvas;
  ink.font = FONT;
  ink.textAlign = "center";
  values.forEach((value, k) => {
    const [x, y] = [k % width, Math.floor(k / width)];
    ink.fillStyle = value > 0.15 * limit ? "#0e1114" : "#ffffff";
    ink.fillText(writeMinus(value.toPrecision(2)).replace("0.", "."), (x + 0.5) * px, (y + 0.5) * px + 4);
  });
  return canvas;
}
