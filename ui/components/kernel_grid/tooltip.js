// What is said of a tile: enlarged beside it with its weights, and for those who do not see it.
const ENLARGED = 132;
const NUMBERED = 9; // weights that can be read as numbers
const SMALLEST_TOLD = 52; // pixels of an enlarged weight that has room for its number

function describe(page, layout, i) {
  const { facts, filters, norms, inputs, weights } = page;
  const n = weights.length / (facts.rows * facts.columns);
  const values = weights.subarray(i * n, (i + 1) * n);
  const column = layout.column(i);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const norm = Math.hypot(...values);
  return {
    values,
    name: `${facts.names[0]} ${filters[column]}`,
    input: inputs[i] < 0 ? "" : `${facts.names[1]} ${inputs[i]}`,
    figures: [
      `norm ${tell(norms[column])}`,
      ...(facts.rows > 1 ? [`here ${tell(norm)}`] : []),
      n > 1 ? `${tell(low)} to ${tell(high)}` : `weight ${tell(low)}`,
    ],
  };
}

function fillTooltip(element, page, layout, i) {
  const { facts } = page;
  const told = describe(page, layout, i);
  const text = make("div");
  const reads = make("em", "", told.input && `reads ${told.input}`);
  text.append(make("b", "", told.name), ...(told.input ? [reads] : []));
  text.append(...told.figures.map((figure) => make("div", "", figure)), make("small", "", facts.link));
  const parts = facts.width * facts.height > 1 ? [enlarge(page, i, told.values), text] : [text];
  element.replaceChildren(...parts);
  return [told.name, told.input, ...told.figures].filter(Boolean).join(", ");
}

// The tile again, large; a few weights as numbers.
function enlarge({ facts, sheet }, i, values) {
  const px = Math.floor(ENLARGED / Math.max(facts.width, facts.height));
  const canvas = make("canvas");
  const size = { width: px * facts.width, height: px * facts.height, ratio: devicePixelRatio || 1 };
  Object.assign(canvas.style, { width: `${size.width}px`, height: `${size.height}px` });
  const ink = fit(canvas, size);
  drawTile(ink, sheet, facts, i, 0, 0, size.width, size.height);
  if (facts.isColored || values.length > NUMBERED || px < SMALLEST_TOLD - 10) return canvas;
  ink.font = FONT;
  ink.textAlign = "center";
  values.forEach((value, k) => {
    const [x, y] = [k % facts.width, Math.floor(k / facts.width)];
    ink.fillStyle = value > 0.15 * facts.limit ? "#0e1114" : "#ffffff";
    ink.fillText(value.toPrecision(2).replace("-", "−").replace("0.", "."), (x + 0.5) * px, (y + 0.5) * px + 4);
  });
  return canvas;
}

// Beside the tile, at the side with more room; never beyond the box.
function placeTooltip(element, [x, y, w, h], box) {
  const { offsetWidth: width, offsetHeight: height } = element;
  const right = x + w + 10;
  const left = right + width <= box.clientWidth ? right : x - width - 10;
  const top = Math.min(Math.max(0, y + h / 2 - height / 2), box.clientHeight - height);
  element.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${Math.round(Math.max(0, top))}px)`;
}
