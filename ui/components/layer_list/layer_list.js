// A list box: clicked, or walked through with the arrow keys.
const EDGES = { Home: -Infinity, End: Infinity };
const STEPS = { ArrowUp: -1, ArrowDown: 1, PageUp: -8, PageDown: 8, ...EDGES };

function build(row, index) {
  const part = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.textContent = text;
    return element;
  };
  const entry = part("div", "layer", "");
  entry.id = `layer-${index}`;
  entry.setAttribute("role", "option");
  entry.style.setProperty("--kind", row.color);
  entry.dataset.layer = row.key;
  const kind = row.label === row.key ? row.kind : `${row.label}, ${row.kind}`;
  const figure = row.figure === null ? "" : row.figure.toFixed(2);
  entry.title = figure && `kNN accuracy ${figure} in the layer's own space`;
  entry.append(part("i", "", ""), part("b", "", row.key), part("span", "figure", figure));
  entry.append(part("span", "", kind), part("span", "shape", row.shape));
  if (figure) {
    const bar = part("u", "", "");
    bar.style.width = `${Math.max(0, Math.min(1, row.figure)) * 100}%`;
    entry.append(bar);
  }
  return entry;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = parentElement.querySelector(".layers");
  const content = JSON.stringify(data.rows);
  if (list.content !== content) {
    list.replaceChildren(...data.rows.map(build));
    list.content = content;
  }
  const entries = [...list.children];
  const mark = (key) => {
    list.chosen = data.rows.findIndex((row) => row.key === key);
    entries.forEach((entry, i) => entry.setAttribute("aria-selected", String(i === list.chosen)));
    const entry = entries[list.chosen];
    if (!entry) return;
    list.setAttribute("aria-activedescendant", entry.id);
    // scrollIntoView would scroll the page as well.
    const top = entry.offsetTop - list.offsetTop;
    const below = top + entry.offsetHeight > list.scrollTop + list.clientHeight;
    if (top < list.scrollTop || below) list.scrollTop = top - list.clientHeight / 2;
  };
  const pick = (index) => {
    const row = data.rows[Math.min(data.rows.length - 1, Math.max(0, index))];
    if (!row || row === data.rows[list.chosen]) return;
    mark(row.key); // shown at once; the page follows
    setTriggerValue("pick", row.key);
  };
  entries.forEach((entry, i) => (entry.onclick = () => pick(i)));
  list.onkeydown = (event) => {
    if (!(event.key in STEPS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    pick(list.chosen + STEPS[event.key]);
  };
  mark(data.chosen);
}
