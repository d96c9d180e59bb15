// A table of classes. Heads are buttons that sort; the names of rows are buttons of which one is reached by Tab, the
// others by the arrow keys.
import { mount, type Send } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { LIST, walk } from "../base/walk";
import "./class_table.css";

interface ScoreColumn {
  key: string;
  name: string;
  title: string;
  /** Where its axis begins, which ends at one; null for plain text. */
  start: number | null;
}

interface ScoreCell {
  text: string;
  title: string;
  value: number | null;
  low: number | null;
  high: number | null;
}

interface ClassRow {
  label: number;
  name: string;
  color: string;
  /** One for each column but the first. */
  cells: ScoreCell[];
}

interface Data {
  heads: ScoreColumn[];
  rows: ClassRow[];
  /** Key of a column; with "-" before it, falling. */
  sorted: string;
  chosen: number;
}

type Triggers = { sort: string; choose: number };

class ClassTable {
  private head: HTMLElement;
  private body: HTMLElement;
  private content = "";
  private names: HTMLElement[] = []; // of rows: buttons

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.head = find(root, "thead");
    this.body = find(root, "tbody");
    this.head.onclick = ({ target }) => {
      const button = (target as Element).closest("button");
      if (button) this.send("sort", button.dataset.key!);
    };
    this.body.onclick = ({ target }) => {
      const line = (target as Element).closest("tr");
      if (line) this.send("choose", Number(line.dataset.label));
    };
    this.body.addEventListener("focusin", ({ target }) => this.rove(target));
    this.body.onkeydown = (event) => walk(event, this.names, LIST);
  }

  stop() {}

  show(data: Data) {
    const content = JSON.stringify(data);
    if (content !== this.content) this.build(data);
    this.content = content;
    data.rows.forEach(({ label }, i) => {
      this.body.children[i].classList.toggle("chosen", label === data.chosen);
      this.names[i].setAttribute("aria-pressed", String(label === data.chosen));
    });
    const focused = this.root.activeElement as HTMLElement;
    const chosen = this.body.querySelector(".chosen button") ?? this.names[0];
    this.rove(this.names.includes(focused) ? focused : chosen);
  }

  private build({ heads, rows, sorted }: Data) {
    const focused = this.root.activeElement as HTMLElement | null;
    const label = focused?.closest<HTMLElement>("tbody tr")?.dataset.label;
    const sortKey = focused?.dataset.key;
    const line = make("tr");
    line.append(...heads.map((each, i) => buildHead(each, sorted, i === 0)));
    this.head.replaceChildren(line);
    find(this.root, "table").style.setProperty("--row", rows.length <= 12 ? "clamp(26px, 4.2vh, 46px)" : "26px");
    this.body.replaceChildren(...rows.map((row) => buildRow(row, heads)));
    this.names = [...this.body.querySelectorAll<HTMLElement>("th button")];
    if (label !== undefined) this.body.querySelector<HTMLElement>(`tr[data-label="${label}"] button`)?.focus();
    if (sortKey) this.head.querySelector<HTMLElement>(`button[data-key="${CSS.escape(sortKey)}"]`)?.focus();
  }

  private rove(target: EventTarget | null) {
    for (const each of this.names) each.tabIndex = each === target ? 0 : -1;
  }
}

function makeButton(text = "") {
  const button = make("button", "", text);
  button.type = "button";
  return button;
}

function buildHead({ key, name, title, start }: ScoreColumn, sorted: string, first: boolean) {
  const cell = make("th", first ? "name" : start === null ? "plain" : "");
  cell.scope = "col";
  if (sorted === key) cell.setAttribute("aria-sort", "ascending");
  if (sorted === `-${key}`) cell.setAttribute("aria-sort", "descending");
  const button = makeButton(name);
  button.title = title;
  button.dataset.key = key;
  cell.append(button);
  if (start !== null) {
    const axis = make("div", "axis");
    axis.append(make("span", "", start), make("span", "", "1"));
    cell.append(axis);
  }
  return cell;
}

/** A tick at the value, on a bar over its interval; what lies left of the axis ends at it. */
function buildTrack(value: number, { low, high }: ScoreCell, start: number) {
  const at = (place: number) => `${100 * clamp(0, (place - start) / (1 - start), 1)}%`;
  const track = make("div", "track");
  if (low !== null && high !== null) {
    const interval = make("s");
    interval.style.left = at(low);
    interval.style.right = `calc(100% - ${at(high)})`;
    track.append(interval);
  }
  const tick = make("b");
  tick.style.left = at(value);
  track.append(tick);
  return track;
}

function buildCell(cell: ScoreCell, { start }: ScoreColumn) {
  const place = make("td", start === null ? "plain" : "");
  if (cell.title) place.title = cell.title;
  const figure = make("span", "figure", cell.text);
  if (start === null) {
    place.append(figure);
    return place;
  }
  const scored = make("div", "scored");
  if (cell.value === null) scored.append(make("span", "none", cell.text));
  else scored.append(buildTrack(cell.value, cell, start), figure);
  place.append(scored);
  return place;
}

function buildRow({ label, name, color, cells }: ClassRow, heads: ScoreColumn[]) {
  const line = make("tr");
  line.dataset.label = String(label);
  const head = make("th");
  head.scope = "row";
  const button = makeButton();
  const dot = make("i");
  dot.style.setProperty("--color", color);
  button.append(dot, make("span", "", name));
  button.title = `${name}: look at this class in every view`;
  head.append(button);
  line.append(head, ...cells.map((cell, i) => buildCell(cell, heads[i + 1])));
  return line;
}

export default mount(ClassTable);
