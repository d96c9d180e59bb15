// Elements of the drawing. The scripts of this folder are joined to one module.

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes = {}, text = undefined) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function write(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}

const join = (...points) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

// The three faces that are seen of a cuboid, for a place as `layOut` gives it.
function traceFaces({ x, top, width, height, rx, ry }) {
  const [right, bottom] = [x + width, top + height];
  return {
    side: join([right, top], [right + rx, top - ry], [right + rx, bottom - ry], [right, bottom]),
    top: join([x, top], [x + rx, top - ry], [right + rx, top - ry], [right, top]),
    front: join([x, top], [right, top], [right, bottom], [x, bottom]),
  };
}
