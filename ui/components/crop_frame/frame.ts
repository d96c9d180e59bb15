// Where the crop lies within the picture.
import { clamp } from "../base/elements";

/** Width and height of the crop in shares of the picture; above 1 where the picture is padded. */
export type Extent = [width: number, height: number];
/** Across and down, in per cent of the room that the picture leaves the crop. */
export type Position = [across: number, down: number];

const HALF = 50;
export const room = (extent: number) => Math.max(0, 1 - extent);

/** The left and top of the crop, in shares of the picture. */
export function place(extent: Extent, position: Position): [number, number] {
  const at = (i: number) => (extent[i] < 1 ? room(extent[i]) * (position[i] / 100) : (1 - extent[i]) / 2);
  return [at(0), at(1)];
}

/** The position after a move by shares of the picture; where there is no room it stays in the middle. */
export function move(extent: Extent, [across, down]: Position, by: [number, number]): Position {
  const along = (i: number, from: number) => {
    const free = room(extent[i]);
    return free > 1e-6 ? clamp(0, Math.round(from + (100 * by[i]) / free), 100) : HALF;
  };
  return [along(0, across), along(1, down)];
}
