// Rows of two buttons: the class, which explains it, and "vs", which sets it beside the explained one. Tab enters the
// list once; arrows go from row to row, and sideways between the two buttons.
import { mount, type Send } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import "./class_bars.css";

interface Row {
  output: number;
  name: string;
  probability: number;
  is_true: boolean;
}

interface Data {
  rows: Row[];
  target: number;
  contrast: number;
}

type Triggers = { target: number; contrast: number };

class ClassBars {
  private list: HTMLElement;
  private content = "";

  constructor(
    root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.list = find(root, ".bars");
    this.list.addEventListener("focusin", ({ target }) => this.rove(target));
    this.list.onkeydown = (event) => this.press(event);
  }

  show({ rows, target, contrast }: Data) {
    const content = JSON.stringify(rows);
    if (content !== this.content) this.build(rows);
    this.content = content;
    rows.forEach((row, i) => this.paint(this.entries[i], row, target, contrast));
    const start = Math.max(
      0,
      rows.findIndex(({ output }) => output === target),
    );
    const focused = this.focused as HTMLElement | null;
    this.rove(
      focused && !focused.hidden && this.list.contains(focused) ? focused : this.entries[start]?.firstElementChild,
    );
  }

  stop() {}

  private get entries() {
    return [...this.list.children] as HTMLElement[];
  }

  private get buttons() {
    return [...this.list.querySelectorAll("button")];
  }

  private get focused() {
    return (this.list.getRootNode() as ShadowRoot).activeElement;
  }

  private build(rows: Row[]) {
    const at = this.buttons.indexOf(this.focused as HTMLButtonElement);
    this.list.replaceChildren(...rows.map((row, rank) => this.buildRow(row, rank)));
    if (at >= 0) this.buttons[at]?.focus();
  }

  private buildRow(row: Row, rank: number) {
    const entry = make("li", rank === 0 ? "first" : "");
    entry.classList.toggle("true", row.is_true);
    entry.dataset.output = String(row.output);
    const pick = make("button", "pick");
    const bar = make("span", "bar");
    const fill = make("i");
    fill.style.width = `${clamp(0, row.probability, 1) * 100}%`;
    bar.append(fill);
    pick.append(
      make("span", "dot"),
      make("span", "name", row.name),
      bar,
      make("span", "figure", row.probability.toFixed(3)),
    );
    const versus = make("button", "versus", "vs");
    pick.type = versus.type = "button";
    pick.onclick = () => this.send("target", row.output);
    versus.onclick = () => this.send("contrast", row.output);
    entry.append(pick, versus);
    return entry;
  }

  private paint(entry: HTMLElement, { output, name, is_true }: Row, target: number, contrast: number) {
    const [pick, versus] = entry.children as unknown as [HTMLButtonElement, HTMLButtonElement];
    const [explained, compared] = [output === target, output === contrast];
    entry.classList.toggle("why", explained);
    entry.classList.toggle("against", compared);
    pick.setAttribute("aria-pressed", String(explained));
    const note = is_true ? ", the true class" : "";
    pick.title = explained ? `${name}${note}: explained` : `Explain ${name}${note}`;
    versus.hidden = explained;
    versus.setAttribute("aria-pressed", String(compared));
    versus.setAttribute("aria-label", `Compare with ${name}`);
    versus.title = compared ? "End the comparison" : `Why not ${name}? Explain it side by side`;
  }

  /** One button is reached by Tab: the one used last, at first that of the explained class. */
  private rove(target: EventTarget | null | undefined) {
    for (const each of this.buttons) each.tabIndex = each === target ? 0 : -1;
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const grid = this.entries.map((entry) => [...entry.querySelectorAll("button")].filter((each) => !each.hidden));
    const y = grid.findIndex((row) => row.includes(event.target as HTMLButtonElement));
    if (y < 0) return;
    const x = grid[y].indexOf(event.target as HTMLButtonElement);
    const last = grid.length - 1;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [Math.max(0, y - 1), x],
      ArrowDown: [Math.min(last, y + 1), x],
      ArrowLeft: [y, 0],
      ArrowRight: [y, 1],
      Home: [0, x],
      End: [last, x],
    };
    if (!(event.key in moves)) return;
    const [row, column] = moves[event.key];
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    (grid[row][column] ?? grid[row][0]).focus();
  }
}

export default mount(ClassBars);
