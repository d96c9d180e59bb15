// The cells, beside them strips in the colours of the layers' kinds, and what changes under the pointer: marks, on a
// canvas of their own.
import { clearCanvas } from "../base/canvas";
import { clamp } from "../base/elements";
import type { ColorScale } from "../base/scale";
import type { PairValues } from "./pair_values";

const STRIP = 5; // pixels
export const EDGE = STRIP + 2; // where the cells begin
const SMALLEST = 4;
const HIGHEST = 26;
const HATCH = 4;
const LEAST_FRAME = 8; // pixels: smaller cells have a larger frame
const [PANEL, RAISED, ACCENT, GROUND] = ["#14181d", "#1b2027", "#ffb454", "#0e1114"];

type Ink = CanvasRenderingContext2D;

/** What the rows, or the columns, are layers of. */
export interface Side {
  name: string;
  layers: { key: string; color: string }[];
}

/** Where cells lie in a box of a width: as wide as fits, high enough for the longer side to fit as well. */
export class MatrixLayout {
  readonly w: number;
  readonly h: number;
  readonly width: number;
  readonly height: number;

  constructor(
    readonly rows: number,
    readonly columns: number,
    width: number,
    readonly ratio: number,
  ) {
    const room = width - EDGE;
    this.w = Math.max(SMALLEST, room / columns);
    this.h = clamp(SMALLEST, room / Math.max(rows, columns), HIGHEST);
    this.width = Math.max(width, Math.ceil(EDGE + columns * this.w));
    this.height = Math.ceil(EDGE + rows * this.h);
  }

  /** Edges lie on whole pixels of the device, so that cells do not blur. */
  private snap(v: number) {
    return Math.round(v * this.ratio) / this.ratio;
  }

  x(column: number) {
    return this.snap(EDGE + column * this.w);
  }

  y(row: number) {
    return this.snap(EDGE + row * this.h);
  }

  /** Row and column of a pair. */
  split(pair: number): [number, number] {
    return [Math.floor(pair / this.columns), pair % this.columns];
  }

  place(pair: number): [number, number, number, number] {
    const [row, column] = this.split(pair);
    const [x, y] = [this.x(column), this.y(row)];
    return [x, y, this.x(column + 1) - x, this.y(row + 1) - y];
  }

  /** The pair at a point; -1 on the strips. */
  at(x: number, y: number) {
    const [row, column] = [Math.floor((y - EDGE) / this.h), Math.floor((x - EDGE) / this.w)];
    const inside = row >= 0 && row < this.rows && column >= 0 && column < this.columns;
    return inside ? row * this.columns + column : -1;
  }
}

export function drawHeat(
  canvas: HTMLCanvasElement,
  layout: MatrixLayout,
  values: PairValues,
  scale: ColorScale,
  sides: Side[],
) {
  const ink = clearCanvas(canvas, layout.width, layout.height, layout.ratio);
  const hatch = makeHatch(ink, layout.ratio);
  values.value.forEach((value, pair) => {
    const place = layout.place(pair);
    ink.fillStyle = values.isDefined(pair) ? scale.css(Math.round(255 * Math.max(0, value))) : RAISED;
    ink.fillRect(...place);
    const byChance = values.isByChance(pair);
    for (const veil of byChance ? [`${PANEL}99`, hatch] : values.isByClasses(pair) ? [hatch] : []) {
      ink.fillStyle = veil;
      ink.fillRect(...place);
    }
    if (values.isRepetition(pair)) drawDot(ink, place);
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

/** In the corner of a cell, so that its colour is seen. */
function drawDot(ink: Ink, [x, y, w, h]: [number, number, number, number]) {
  const side = clamp(1.5, Math.min(w, h) / 4, 4);
  ink.fillStyle = GROUND;
  ink.fillRect(x + w - side - 1, y + 1, side, side);
}

/** Diagonal lines that go on from cell to cell. */
function makeHatch(ink: Ink, ratio: number) {
  const side = Math.round(HATCH * ratio);
  const tile = new OffscreenCanvas(side, side);
  const pen = tile.getContext("2d")!;
  pen.strokeStyle = "#6d7884";
  pen.lineWidth = ratio;
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  const pattern = ink.createPattern(tile, "repeat")!;
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

/** The pair on show and the one pointed at; -1 for none. */
export function drawMarks(canvas: HTMLCanvasElement, layout: MatrixLayout, chosen: number, cursor: number) {
  const ink = clearCanvas(canvas, layout.width, layout.height, layout.ratio);
  if (chosen >= 0) frame(ink, layout, chosen, ACCENT, 2);
  if (cursor >= 0 && cursor !== chosen) frame(ink, layout, cursor, "#ffffff", 1.5);
}

/** A frame around the cell, and beside it on both strips. */
function frame(ink: Ink, layout: MatrixLayout, pair: number, color: string, width: number) {
  const [x, y, w, h] = layout.place(pair);
  const [across, down] = [Math.max(0, LEAST_FRAME - w) / 2, Math.max(0, LEAST_FRAME - h) / 2];
  const box = [x - across, y - down, w + 2 * across, h + 2 * down] as const;
  ink.lineWidth = width + 2;
  ink.strokeStyle = GROUND;
  ink.strokeRect(...box);
  ink.lineWidth = width;
  ink.strokeStyle = color;
  ink.strokeRect(...box);
  ink.fillStyle = color;
  ink.fillRect(0, y, STRIP, h);
  ink.fillRect(x, 0, w, STRIP);
}
