// What is said of a pair: in a box beside it, and for those who do not see it.

function describe(pair, values, sides, name) {
  const columns = sides[1].layers.length;
  const keys = [sides[0].layers[Math.floor(pair / columns)].key, sides[1].layers[pair % columns].key];
  return { keys: keys.join(" × "), name, figure: values.text(pair), chance: values.chance(pair) };
}

const tell = ({ keys, name, figure, chance }) => `${keys}: ${name} ${figure}${chance && `, ${chance}`}`;

function fillTooltip(element, { keys, name, figure, chance }) {
  const line = make("div", "", `${name} `);
  line.append(make("b", "", figure));
  element.replaceChildren(make("div", "keys", keys), line);
  if (chance) element.append(make("div", "", chance));
}

// Above the cell, or below it where there is no room; never beyond the field.
function placeTooltip(element, [x, y, w, h], field) {
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = Math.min(Math.max(0, x + w / 2 - width / 2), field.clientWidth - width);
  const above = y - height - 7;
  const top = above >= 0 ? above : y + h + 7;
  element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
