// Where the nodes stand in a box of a given size. Nodes recede to the upper right, so that each hides
// part of the one before it; what is left to see of each holds the middle of its bounding box.

const SLOPE = 0.46; // of the receding edges
const DEEPEST = 0.4; // how far the largest node recedes, of the height
const THICKEST = 0.62; // width of the thickest front, of the height
const SEEN = 2; // pixels by which the middle of a node keeps clear of the next one

function layOut(nodes, box) {
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

// Pixels to a unit of thickness, of gap and of depth, so that the row is as wide as its box.
function findScales(nodes, box) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const widths = sum(nodes.map((node) => node.thickness));
  const gaps = sum(nodes.slice(0, -1).map((node) => node.gap));
  const depths = sum(nodes.filter((_, i) => ends(nodes, i)).map((node) => node.side));
  const fit = (depth) => {
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

const ends = (nodes, i) => nodes[i + 1]?.group !== nodes[i].group;

// The node whose column is nearest, for a pointer that is on none.
function findColumn(places, x, reach) {
  let best = -1;
  places.forEach((place, i) => {
    const after = places[i + 1]?.x ?? Infinity;
    const right = Math.min(after, place.x + place.width + place.rx);
    const distance = Math.max(place.x - x, x - right, 0);
    if (distance < reach) [best, reach] = [i, distance];
  });
  return best;
}
