// A table of experiments. Headers sort it, "A" and "B" pick the two that are looked at; what is pointed at is lit up in
// the parallel coordinates as well, and what these keep is what is listed.
import { hear, tell } from "../base/channel";
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { isNoise, tellNoise, writeNoise } from "./noise";
import { type ExperimentRow, type FigureColumn, sortExperiments, splitOrder } from "./sorting";
import "./experiment_table.css";

interface Data {
  columns: FigureColumn[];
  rows: ExperimentRow[];
  picked: [string, string];
  order: string;
}

type Triggers = { pick: { side: number; key: string }; order: string };

class ExperimentTable {
  private box: HTMLElement;
  private head: HTMLElement;
  private body: HTMLElement;
  private data!: Data;
  private text = "";
  private order = "";
  private rows = new Map<string, HTMLElement>();
  private kept: string[] | null = null;
  private ends: (() => void)[];

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.box = find(root, ".box");
    this.head = find(root, "thead");
    this.body = find(root, "tbody");
    this.ends = [
      hear("experiment", ({ key, from }) => from !== this && this.light(key)),
      hear("experiments-kept", ({ keys }) => this.keep(keys)),
    ];
  }

  stop() {
    for (const end of this.ends) end();
  }

  show(data: Data) {
    const text = JSON.stringify([data.columns, data.rows]);
    this.data = data;
    if (text !== this.text) this.build();
    this.text = text;
    this.sort(data.order);
    for (const [key, row] of this.rows) {
      row.classList.toggle("picked", data.picked.includes(key));
      row.querySelectorAll(".side").forEach((button, side) => {
        button.setAttribute("aria-pressed", String(data.picked[side] === key));
      });
    }
    this.keep(this.kept);
  }

  private build() {
    const { columns, rows } = this.data;
    const heads = [
      ["name", "Experiment", "Name of the experiment.", ""],
      ["changes", "Changed", "Parameters that differ from most experiments.", ""],
      ...columns.map((column) => [column.key, column.name, `${column.title}${tellNoise(column)}`, "figure"]),
      ["created", "Date", "When it was run.", "date"],
    ];
    const line = make("tr");
    line.append(make("th"));
    for (const [key, name, title, kind] of heads) {
      const head = make("th", kind);
      const button = make("button", "", name);
      Object.assign(button, { type: "button", title: `${title} Click to sort.` });
      const column = columns.find((each) => each.key === key);
      if (column?.noise) button.append(make("small", "", writeNoise(column.noise)));
      button.onclick = () => this.choose(key);
      head.dataset.key = key;
      head.append(button);
      line.append(head);
    }
    this.head.replaceChildren(line);
    this.rows = new Map(rows.map((row) => [row.key, this.buildRow(row)]));
  }

  private buildRow({ key, name, source, changes, created, figures }: ExperimentRow) {
    const line = make("tr");
    line.dataset.key = key;
    const sides = make("td", "sides");
    ["A", "B"].forEach((letter, side) => {
      const button = make("button", "side", letter);
      Object.assign(button, { type: "button", title: `See ${name} as ${letter}` });
      button.setAttribute("aria-label", `${letter}: ${name}`);
      button.onclick = () => this.send("pick", { side, key });
      sides.append(button);
    });
    const named = make("td", "name", name);
    named.title = `${name}, ${created.replace("T", " ")}`;
    if (source) named.append(make("span", "source", source));
    const changed = make("td", "changes");
    for (const [parameter, value] of changes) {
      const change = make("span", "", `${parameter.replace(/[._]/g, "$&\u200b")} `); // where it may be broken
      change.append(make("b", "", value));
      changed.append(change);
    }
    if (!changes.length) changed.append(make("i", "", "as usual"));
    line.append(sides, named, changed);
    figures.forEach((value, i) => {
      const kind = isNoise(value, this.data.columns[i]) ? "figure noise" : "figure";
      line.append(make("td", kind, value === null ? "–" : value.toFixed(3)));
    });
    line.append(make("td", "date", created.slice(0, 16).replace("T", " ")));
    line.onpointerenter = () => tell("experiment", { key, from: this });
    line.onpointerleave = () => tell("experiment", { key: null, from: this });
    return line;
  }

  /** Figures begin with the greatest, texts with "a"; a second click turns the order round. */
  private choose(key: string) {
    const isFigure = this.data.columns.some((column) => column.key === key) || key === "created";
    const orders = isFigure ? [`-${key}`, key] : [key, `-${key}`];
    const order = orders[this.order === orders[0] ? 1 : 0];
    this.sort(order);
    this.send("order", order);
  }

  private sort(order: string) {
    this.order = order;
    const { columns, rows } = this.data;
    const wanted = sortExperiments(rows, columns, order).map(({ key }) => this.rows.get(key)!);
    const focused = this.root.activeElement as HTMLElement | null;
    const { children } = this.body;
    if (wanted.some((row, i) => children[i] !== row) || children.length !== wanted.length) {
      this.body.replaceChildren(...wanted);
      if (this.body.contains(focused)) focused?.focus();
    }
    const [sorted, falls] = splitOrder(order);
    for (const head of this.head.querySelectorAll<HTMLElement>("th[data-key]")) {
      if (head.dataset.key === sorted) head.setAttribute("aria-sort", falls ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  private keep(keys: string[] | null) {
    this.kept = keys;
    const kept = keys && new Set(keys);
    for (const [key, row] of this.rows) row.hidden = Boolean(kept && !kept.has(key));
  }

  private light(key: string | null) {
    for (const [each, row] of this.rows) row.classList.toggle("lit", each === key);
    const row = this.rows.get(key ?? "");
    if (!row || row.hidden) return;
    const { top, bottom } = row.getBoundingClientRect(); // only the table scrolls, not the page
    const view = this.box.getBoundingClientRect();
    const under = view.top + this.head.offsetHeight;
    if (top < under) this.box.scrollTop += top - under;
    else if (bottom > view.bottom) this.box.scrollTop += bottom - view.bottom;
  }
}

export default mount(ExperimentTable);
