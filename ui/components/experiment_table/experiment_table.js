// A table of experiments. Headers sort it, "A" and "B" pick the two that are looked at; what is pointed at
// is lit up in the parallel coordinates as well, and what these keep is what is listed.
const tables = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!tables.has(parentElement)) tables.set(parentElement, new Table(parentElement));
  const table = tables.get(parentElement);
  table.send = setTriggerValue;
  table.show(data);
  return () => {
    table.stop();
    tables.delete(parentElement);
  };
}

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

// Numbers in names count as numbers: "umap-5" comes before "umap-50".
const compareTexts = new Intl.Collator("en", { numeric: true }).compare;

class Table {
  constructor(root) {
    this.box = root.querySelector(".box");
    this.head = root.querySelector("thead");
    this.body = root.querySelector("tbody");
    this.kept = null;
    this.order = "";
    this.heard = {
      "layerscope:experiment": ({ detail }) => detail.from !== this && this.light(detail.key),
      "layerscope:experiments-kept": ({ detail }) => this.keep(detail.keys),
    };
    for (const [name, act] of Object.entries(this.heard)) addEventListener(name, act);
  }

  stop() {
    for (const [name, act] of Object.entries(this.heard)) removeEventListener(name, act);
  }

  show(data) {
    const text = JSON.stringify([data.columns, data.rows]);
    this.data = data;
    if (text !== this.text) this.build();
    this.text = text;
    this.sort(data.order);
    for (const [key, row] of this.rows) {
      row.classList.toggle("picked", data.picked.includes(key));
      row.querySelectorAll(".side").forEach((button, side) => button.setAttribute("aria-pressed", String(data.picked[side] === key)));
    }
    this.keep(this.kept);
  }

  build() {
    const { columns, rows } = this.data;
    const heads = [
      ["name", "Experiment", "Name of the experiment", ""],
      ["changes", "Changed", "Parameters that are not as in most experiments", ""],
      ...columns.map(({ key, name, title }) => [key, name, title, "figure"]),
      ["created", "Date", "When it was run", "date"],
    ];
    const line = make("tr");
    line.append(make("th"));
    for (const [key, name, title, kind] of heads) {
      const head = make("th", kind);
      const button = make("button", "", name);
      Object.assign(button, { type: "button", title: `${title}. Click to sort.` });
      button.onclick = () => this.choose(key);
      head.dataset.key = key;
      head.append(button);
      line.append(head);
    }
    this.head.replaceChildren(line);
    this.rows = new Map(rows.map((row) => [row.key, this.buildRow(row)]));
  }

  buildRow(row) {
    const line = make("tr");
    line.dataset.key = row.key;
    const sides = make("td", "sides");
    ["A", "B"].forEach((letter, side) => {
      const button = make("button", "side", letter);
      Object.assign(button, { type: "button", title: `See ${row.name} as ${letter}` });
      button.setAttribute("aria-label", `${letter}: ${row.name}`);
      button.onclick = () => this.send("pick", { side, key: row.key });
      sides.append(button);
    });
    const name = make("td", "name", row.name);
    name.title = `${row.name}, ${row.created.replace("T", " ")}`;
    if (row.source) name.append(make("span", "source", row.source));
    const changes = make("td", "changes");
    for (const [parameter, value] of row.changes) {
      const change = make("span", "", `${parameter.replace(/[._]/g, "$&\u200b")} `); // where it may be broken
      change.append(make("b", "", value));
      changes.append(change);
    }
    if (!row.changes.length) changes.append(make("i", "", "as usual"));
    line.append(sides, name, changes);
    for (const value of row.figures) line.append(make("td", "figure", value === null ? "–" : value.toFixed(3)));
    line.append(make("td", "date", row.created.slice(0, 16).replace("T", " ")));
    line.onpointerenter = () => this.tell(row.key);
    line.onpointerleave = () => this.tell(null);
    return line;
  }

  // Figures begin with the greatest, texts with "a"; a second click turns the order round.
  choose(key) {
    const isFigure = this.data.columns.some((column) => column.key === key) || key === "created";
    const first = isFigure ? `-${key}` : key;
    const order = this.order === first ? (isFigure ? key : `-${key}`) : first;
    this.sort(order);
    this.send("order", order);
  }

  sort(order) {
    this.order = order;
    const { columns, rows } = this.data;
    const [falls, key] = order.startsWith("-") ? [true, order.slice(1)] : [false, order];
    const number = columns.findIndex((column) => column.key === key);
    const value = (row) =>
      number >= 0 ? row.figures[number] : key === "changes" ? row.changes.map((each) => each.join(" ")).join() : row[key];
    const sorted = key ? rows.toSorted((a, b) => this.compare(value(a), value(b), falls)) : rows;
    const wanted = sorted.map((row) => this.rows.get(row.key));
    const focused = this.body.getRootNode().activeElement;
    if (wanted.some((row, i) => this.body.children[i] !== row) || this.body.children.length !== wanted.length) {
      this.body.replaceChildren(...wanted);
      if (this.body.contains(focused)) focused.focus();
    }
    for (const head of this.head.querySelectorAll("th[data-key]")) {
      if (head.dataset.key === key) head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  // What has no value comes last, whichever way.
  compare(a, b, falls) {
    if (a === null || b === null) return (a === null) - (b === null);
    const rising = typeof a === "number" ? a - b : compareTexts(a, b);
    return falls ? -rising : rising;
  }

  keep(keys) {
    this.kept = keys;
    const kept = keys && new Set(keys);
    for (const [key, row] of this.rows ?? []) row.hidden = Boolean(kept && !kept.has(key));
  }

  light(key) {
    for (const [each, row] of this.rows ?? []) row.classList.toggle("lit", each === key);
    const row = this.rows?.get(key);
    if (!row || row.hidden) return;
    const { top, bottom } = row.getBoundingClientRect(); // only the table scrolls, not the page
    const view = this.box.getBoundingClientRect();
    const under = view.top + this.head.offsetHeight;
    if (top < under) this.box.scrollTop += top - under;
    else if (bottom > view.bottom) this.box.scrollTop += bottom - view.bottom;
  }

  tell(key) {
    dispatchEvent(new CustomEvent("layerscope:experiment", { detail: { key, from: this } }));
  }
}
