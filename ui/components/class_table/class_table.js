// A table of classes. Heads are buttons that sort; the names of rows are buttons of which one is reached
// by Tab, the others by the arrow keys.

const known = new WeakMap();

function make(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

function makeButton(text) {
  const button = make("button", "", text);
  button.type = "button";
  return button;
}

function buildHead(head, sorted, first) {
  const cell = make("th", first ? "name" : head.start === null ? "plain" : "");
  cell.scope = "col";
  if (sorted === head.key) cell.setAttribute("aria-sort", "ascending");
  if (sorted === `-${head.key}`) cell.setAttribute("aria-sort", "descending");
  const button = makeButton(head.name);
  button.title = head.title;
  button.dataset.key = head.key;
  cell.append(button);
  if (head.start !== null) {
    const axis = make("div", "axis");
    axis.append(make("span", "", String(head.start)), make("span", "", "1"));
    cell.append(axis);
  }
  return cell;
}

// A tick at the value, on a bar over its interval; what lies left of the axis ends at it.
function buildTrack(cell, start) {
  const at = (value) => `${100 * Math.max(0, Math.min(1, (value - start) / (1 - start)))}%`;
  const track = make("div", "track");
  if (cell.low !== null && cell.high !== null) {
    const interval = make("s");
    interval.style.left = at(cell.low);
    interval.style.right = `calc(100% - ${at(cell.high)})`;
    track.append(interval);
  }
  const tick = make("b");
  tick.style.left = at(cell.value);
  track.append(tick);
  return track;
}

function buildCell(cell, head) {
  const place = make("td", head.start === null ? "plain" : "");
  if (cell.title) place.title = cell.title;
  if (head.start === null) {
    place.append(make("span", "figure", cell.text));
    return place;
  }
  const scored = make("div", "scored");
  if (cell.value === null) scored.append(make("span", "none", cell.text));
  else scored.append(buildTrack(cell, head.start), make("span", "figure", cell.text));
  place.append(scored);
  return place;
}

function buildRow(row, heads) {
  const line = make("tr");
  line.dataset.label = row.label;
  const name = make("th");
  name.scope = "row";
  const button = makeButton("");
  const dot = make("i");
  dot.style.setProperty("--color", row.color);
  button.append(dot, make("span", "", row.name));
  button.title = `${row.name}: look at this class in every view`;
  name.append(button);
  line.append(name, ...row.cells.map((cell, i) => buildCell(cell, heads[i + 1])));
  return line;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const [head, body] = ["thead", "tbody"].map((name) => parentElement.querySelector(name));
  const content = JSON.stringify(data);
  if (known.get(parentElement) !== content) {
    known.set(parentElement, content);
    const focused = body.getRootNode().activeElement;
    const label = focused?.closest("tbody tr")?.dataset.label;
    const sortKey = focused?.dataset.key;
    const line = make("tr");
    line.append(...data.heads.map((each, i) => buildHead(each, data.sorted, i === 0)));
    head.replaceChildren(line);
    head.parentElement.style.setProperty("--row", data.rows.length <= 12 ? "clamp(26px, 4.2vh, 46px)" : "26px");
    body.replaceChildren(...data.rows.map((row) => buildRow(row, data.heads)));
    if (label !== undefined) body.querySelector(`tr[data-label="${label}"] button`)?.focus();
    if (sortKey) head.querySelector(`button[data-key="${CSS.escape(sortKey)}"]`)?.focus();
  }
  const names = [...body.querySelectorAll("th button")];
  for (const line of body.children) {
    const isChosen = Number(line.dataset.label) === data.chosen;
    line.classList.toggle("chosen", isChosen);
    line.querySelector("button").setAttribute("aria-pressed", String(isChosen));
  }
  const rove = (target) => names.forEach((each) => (each.tabIndex = each === target ? 0 : -1));
  const focused = body.getRootNode().activeElement;
  rove(names.includes(focused) ? focused : body.querySelector(".chosen button") ?? names[0]);
  head.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("sort", button.dataset.key);
  };
  body.onclick = (event) => {
    const line = event.target.closest("tr");
    if (line) setTriggerValue("choose", Number(line.dataset.label));
  };
  body.onfocusin = (event) => rove(event.target);
  body.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = names.indexOf(event.target);
    const steps = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: names.length - 1 };
    if (at < 0 || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    names[Math.max(0, Math.min(names.length - 1, steps[event.key]))].focus();
  };
}
