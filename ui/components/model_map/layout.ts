// Where the nodes stand in a box of a given size. Nodes recede to the upper right, so that each hides
// part of the one before it; what is left to see of each holds the middle of its bounding box.
import type { Pair } from "../points/geometry";

/** A layer, with its measures in units that a drawing of any size can be made of. */
export interface Node {
  key: string;
  label: string;
  kind: string;
  color: string;
  facts: string[];
  height: number;
  thickness: number;
  side: number;
  gap: number;
  group: number;
}
type Measured = Pick<Node, "height" | "thickness" | "side" | "gap" | "group">;

/** A rectangle of the drawing. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A cuboid: its front, how far it recedes, the middle and the foot of the front. */
export interface Place {
  x: number;
  top: number;
  width: number;
  height: number;
  rx: number;
  ry: number;
  middle: number;
  foot: number;
}

const SLOPE = 0.46; // of the receding edges
const DEEPEST = 0.4; // how far the largest node recedes, of the height
const THICKEST = 0.62; // width of the thickest front, of the height
const SEEN = 2; // pixels by which the middle of a node keeps clear of the next one

export function layOut(nodes: Measured[], box: Box): Place[] {
  const scales = findScales(nodes, box);
  const tall = box.height - SLOPE * scales.depth;
  let x = box.left;
  return nodes.map((node, i) => {
    const [rx, width, height] = [node.side * scales.depth, node.thickness * scales.width, node.height * tall];
    const ry = rx * SLOPE;
    const top = box.top + box.height / 2 - (height - ry) / 2; // the middle of the whole on one line
    const place = { x, top, width, height, rx, ry, middle: x + width / 2, foot: top + height };
    x += width + node.gap * scales.gap + (ends(nodes, i) ? rx : 0);
    return place;
  });
}

/** Pixels to a unit of thickness, of gap and of depth, so that the row is as wide as its box. */
function findScales(nodes: Measured[], box: Box) {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const widths = sum(nodes.map((node) => node.thickness));
  const gaps = sum(nodes.slice(0, -1).map((node) => node.gap));
  const depths = sum(nodes.filter((_, i) => ends(nodes, i)).map((node) => node.side));
  const fit = (depth: number) => {
    const room = Math.max(0, box.width - depths * depth);
    const width = Math.min(THICKEST * box.height, room / (widths + gaps));
    return { width, gap: gaps ? (room - widths * width) / gaps : 0, depth };
  };
  const scales = fit(DEEPEST * box.height);
  const allowed = nodes.map((node, i) => {
    if (ends(nodes, i)) return Infinity;
    return Math.max(0, node.thickness * scales.width + 2 * (node.gap * scales.gap - SEEN)) / node.side;
  });
  return fit(Math.min(scales.depth, ...allowed));
}

/** Whether a node is the last one of its group. */
export const ends = (nodes: Measured[], i: number) => nodes[i + 1]?.group !== nodes[i].group;

/** The node whose column is nearest, for a pointer that is on none; -1 beyond `reach`. */
export function findColumn(places: Place[], x: number, reach: number) {
  let [best, least] = [-1, reach];
  places.forEach((place, i) => {
    const after = places[i + 1]?.x ?? Infinity;
    const right = Math.min(after, place.x + place.width + place.rx);
    const distance = Math.max(place.x - x, x - right, 0);
    if (distance < least) [best, least] = [i, distance];
  });
  return best;
}

export const join = (...points: Pair[]) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

/** The three faces that are seen of a cuboid. */
export function traceFaces({ x, top, width, height, rx, ry }: Place) {
  const [right, bottom] = [x + width, top + height];
  return {
    side: join([right, top], [right + rx, top - ry], [right + rx, bottom - ry], [right, bottom]),
    top: join([x, top], [x + rx, top - ry], [right + rx, top - ry], [right, top]),
    front: join([x, top], [right, top], [right, bottom], [x, bottom]),
  };
}
