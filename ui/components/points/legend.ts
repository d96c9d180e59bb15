// What the colours stand for. Entries are buttons: pointing at one brings it out, a click keeps it. The steps of a
// continuous scale are a colour bar under a histogram.
import { make } from "../base/elements";
import { walk } from "../base/walk";
import { type Coloring, type Entry, SHAPES } from "./geometry";

const MOST_ENTRIES = 40;

/** Told what the visitor does. */
interface Acts {
  light(group: number | null): void;
  toggle(group: number): void;
  clear(): void;
}

export class Legend {
  private text = "";
  private buttons = new Map<number, HTMLButtonElement>();
  private all!: HTMLButtonElement;

  constructor(
    private element: HTMLElement,
    private acts: Acts,
  ) {
    element.onkeydown = (event) => this.press(event);
  }

  /** `counts` of all samples and of those that the filters leave, by group. */
  show({ title, entries, ends }: Coloring, totals: number[], counts: number[], only: number[]) {
    const text = JSON.stringify([title, entries, ends, totals, counts]);
    if (text !== this.text) {
      this.text = text;
      this.buttons = new Map();
      const content = ends ? this.buildBar(entries, ends, counts) : this.buildEntries(entries, totals, counts, only);
      this.all = make("button", "all", "All");
      Object.assign(this.all, { type: "button", title: "Show all again", onclick: () => this.acts.clear() });
      const head = make("div", "head");
      head.append(make("span", "about", title), this.all);
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

  private buildEntries(entries: Entry[], totals: number[], counts: number[], only: number[]) {
    const list = make("div", "entries");
    const there = entries.map((_, group) => group).filter((group) => totals[group]);
    let shown = there;
    if (there.length > MOST_ENTRIES) {
      const largest = there.toSorted((a, b) => totals[b] - totals[a]);
      const kept = new Set(only);
      shown = largest.filter((group, rank) => rank < MOST_ENTRIES || kept.has(group));
    }
    for (const group of shown) {
      const button = this.buildEntry(entries[group], group, totals[group], counts[group]);
      this.buttons.set(group, button);
      list.append(button);
    }
    const first = this.buttons.get(shown[0]);
    if (first) first.tabIndex = 0;
    if (shown.length < there.length) list.append(make("span", "more", `+${there.length - shown.length} more`));
    return list;
  }

  private buildEntry({ name, color, shape }: Entry, group: number, total: number, count: number) {
    const button = make("button", "entry");
    const of = count === total ? `${total} samples` : `${count} of ${total} samples pass the filters`;
    Object.assign(button, { type: "button", tabIndex: -1, title: `${name}: ${of}. Click to keep it.` });
    button.innerHTML = `<svg viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path/></svg>`;
    const path = button.querySelector("path");
    path?.setAttribute("d", SHAPES[shape]);
    path?.setAttribute("fill", color);
    button.append(make("span", "name", name), make("span", "count", count));
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

  private buildBar(entries: Entry[], [low, high]: [string, string], counts: number[]) {
    const bar = make("div", "bar");
    const steps = make("div", "steps");
    const most = Math.max(1, ...counts);
    entries.forEach(({ name, color }, group) => {
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
    return bar;
  }

  /** One stop for the tab key; arrows walk. */
  private press(event: KeyboardEvent) {
    const buttons = [...this.buttons.values()];
    const next = walk(event, buttons);
    for (const button of next ? buttons : []) button.tabIndex = button === next ? 0 : -1;
  }
}
