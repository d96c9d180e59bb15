// What the colours stand for. Entries are buttons: pointing at one brings it out, a click keeps it. The steps of a
// continuous scale are a colour bar under a histogram.
import { draw, make } from "../base/elements";
import { walk } from "../base/walk";
import { type Coloring, type Entry, SHAPES, splitScale } from "./geometry";

const MOST_AT_A_GLANCE = 40; // entries; among more one is searched

/** Told what the visitor does. */
interface Acts {
  light(group: number | null): void;
  toggle(group: number): void;
  clear(): void;
}

function drawMark({ color, shape }: Entry) {
  const mark = draw("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" });
  mark.append(draw("path", { d: SHAPES[shape], fill: color }));
  return mark;
}

export class Legend {
  private text = "";
  private sought = "";
  private buttons = new Map<number, HTMLButtonElement>();
  private all!: HTMLButtonElement;

  constructor(
    private element: HTMLElement,
    private acts: Acts,
  ) {
    element.onkeydown = (event) => this.press(event);
  }

  /** `counts` of all samples and of those that the filters leave, by group. */
  show(coloring: Coloring, totals: number[], counts: number[], only: number[]) {
    const { title, entries, ends, note } = coloring;
    const text = JSON.stringify([coloring, totals, counts]);
    if (text !== this.text) {
      this.text = text;
      this.buttons = new Map();
      const content = ends ? this.buildBar(coloring, ends, counts) : this.buildEntries(entries, totals, counts);
      this.all = make("button", "all", "All");
      Object.assign(this.all, { type: "button", title: "Show all again", onclick: () => this.acts.clear() });
      const head = make("div", "head");
      const about = make("span", "about", title);
      about.title = title;
      head.append(about, this.all);
      if (note) head.append(make("span", "told", note));
      const long = this.buttons.size > MOST_AT_A_GLANCE;
      this.element.classList.toggle("long", long);
      if (long) head.append(this.buildSearch(entries));
      this.element.replaceChildren(head, content);
      this.element.setAttribute("aria-label", title);
    }
    this.mark(only);
  }

  private mark(only: number[]) {
    const kept = new Set(only);
    this.all.classList.toggle("needed", kept.size > 0);
    this.all.disabled = !kept.size;
    for (const [group, button] of this.buttons) {
      button.setAttribute("aria-pressed", String(kept.has(group)));
      button.classList.toggle("off", kept.size > 0 && !kept.has(group));
    }
  }

  private buildEntries(entries: Entry[], totals: number[], counts: number[]) {
    const list = make("div", "entries");
    entries.forEach((entry, group) => {
      if (!totals[group]) return;
      const button = this.buildEntry(entry, group, totals[group], counts[group]);
      this.buttons.set(group, button);
      list.append(button);
    });
    const [first] = this.buttons.values();
    if (first) first.tabIndex = 0;
    return list;
  }

  /** Entries whose name has what is typed stay; what was typed outlives a new count. */
  private buildSearch(entries: Entry[]) {
    const field = make("input", "search");
    Object.assign(field, { type: "search", placeholder: "Find", value: this.sought });
    field.setAttribute("aria-label", "Find in the legend");
    field.oninput = () => {
      this.sought = field.value;
      const wanted = field.value.trim().toLowerCase();
      for (const [group, button] of this.buttons) button.hidden = !entries[group].name.toLowerCase().includes(wanted);
      const shown = [...this.buttons.values()].filter((button) => !button.hidden);
      for (const button of this.buttons.values()) button.tabIndex = button === shown[0] ? 0 : -1;
    };
    field.oninput(new InputEvent("input"));
    return field;
  }

  private buildEntry(entry: Entry, group: number, total: number, count: number) {
    const { name } = entry;
    const button = make("button", "entry");
    const of = count === total ? `${total} samples` : `${count} of ${total} samples pass the filters`;
    Object.assign(button, { type: "button", tabIndex: -1, title: `${name}: ${of}. Click to keep it.` });
    button.append(drawMark(entry), make("span", "name", name), make("span", "count", count));
    button.onpointerenter = (event) => event.pointerType !== "touch" && this.acts.light(group);
    button.onpointerleave = () => this.acts.light(null);
    button.onfocus = () => button.matches(":focus-visible") && this.acts.light(group);
    button.onblur = () => this.acts.light(null);
    button.onclick = () => {
      this.acts.light(null); // what is kept shall be seen, not what is pointed at
      this.acts.toggle(group);
    };
    return button;
  }

  private buildBar(coloring: Coloring, [low, high]: [string, string], counts: number[]) {
    const bar = make("div", "bar");
    const steps = make("div", "steps");
    const [scale, rest] = splitScale(coloring);
    const most = Math.max(1, ...counts.slice(0, scale.length));
    scale.forEach(({ name, color }, group) => {
      const step = make("i", "step");
      step.title = `${name}: ${counts[group] ?? 0} samples`;
      step.style.setProperty("--color", color);
      step.style.setProperty("--share", String((counts[group] ?? 0) / most));
      step.onpointerenter = () => this.acts.light(group);
      step.onpointerleave = () => this.acts.light(null);
      steps.append(step);
    });
    steps.setAttribute("role", "img");
    steps.setAttribute("aria-label", `Colours from ${low} to ${high}`);
    bar.append(make("span", "end", low), steps, make("span", "end", high));
    rest.forEach((entry, i) => {
      const group = scale.length + i;
      const other = make("span", "other");
      other.append(drawMark(entry), `${entry.name} ${counts[group] ?? 0}`);
      other.onpointerenter = () => this.acts.light(group);
      other.onpointerleave = () => this.acts.light(null);
      bar.append(other);
    });
    return bar;
  }

  /** One stop for the tab key; arrows walk. */
  private press(event: KeyboardEvent) {
    const buttons = [...this.buttons.values()].filter((button) => !button.hidden);
    const next = walk(event, buttons);
    for (const button of next ? buttons : []) button.tabIndex = button === next ? 0 : -1;
  }
}
