// SVG by hand: elements, rounded lines, texts that are cut to a length.
const SVG = "http://www.w3.org/2000/svg";

function draw(name, attributes = {}, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A line through points with round corners: it bends towards each point and meets the middles between.
function bend(points) {
  const middle = (a, b) => `${(a.x + b.x) / 2} ${(a.y + b.y) / 2}`;
  const [first, ...rest] = points;
  let path = `M ${first.x} ${first.y}`;
  for (let i = 0; i + 1 < rest.length; i++) path += ` Q ${rest[i].x} ${rest[i].y} ${middle(rest[i], rest[i + 1])}`;
  const last = rest.at(-1);
  return `${path} L ${last.x} ${last.y}`;
}

// Of a path of modules the end says most, of a text the beginning.
const cutEnd = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const cutStart = (text, most) => (text.length > most ? `…${text.slice(1 - most)}` : text);
