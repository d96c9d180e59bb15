// Filters as pictures: drawn anew when the page or the room changes; what is pointed at is only marked.
import { decode, decodeAll, mount, type Send, type Table } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { writeNumber } from "../base/numbers";
import "./kernel_grid.css";
import { KernelLayout } from "./layout";
import { compose, drawMarks, drawTiles, enlarge, type Facts, type KernelPage, type Pages } from "./painter";

interface Data {
  arrays: Table;
  facts: Facts;
  /** Another where anything else is to be drawn. */
  stamp: string;
}

type Axis = keyof Facts["pages"];
type Triggers = { pick: number; page: { axis: Axis; page: number } };

class KernelGrid {
  private box: HTMLElement;
  private marks: HTMLCanvasElement;
  private tooltip: HTMLElement;
  private stamp = "";
  private page?: KernelPage;
  private layout?: KernelLayout;
  private cursor = -1;
  private observer = new ResizeObserver(() => this.draw());

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.box = this.find(".box");
    this.marks = find(root, ".marks");
    this.tooltip = this.find(".tooltip");
    this.listen();
    this.observer.observe(this.box);
  }

  stop() {
    this.observer.disconnect();
  }

  show({ arrays, facts, stamp }: Data) {
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    const { row_norms: rowNorms, ...columns } = decodeAll(arrays, { weights: "f4", norms: "f4", row_norms: "f4" });
    const filters = [...decode(arrays, "filters", "i4")];
    const sheet = compose(facts, decode(arrays, "tiles", "u1"));
    this.page = { facts, sheet, filters, inputs: decode(arrays, "inputs", "i4"), rowNorms, ...columns };
    this.find("h2").textContent = facts.title;
    this.find(".summary").textContent = this.find(".summary").title = facts.summary;
    const beyond = facts.isCut ? "; what lies beyond is cut off" : "";
    this.find(".low").textContent = writeNumber(-facts.limit);
    this.find(".high").textContent = writeNumber(facts.limit);
    this.find(".scale").title = `One scale for the layer: zero is mid grey${beyond}`;
    this.find(".scale").setAttribute("aria-label", this.find(".scale").title);
    this.find(".kernels").className = `kernels ${facts.isLinked ? "linked" : "unlinked"}`;
    this.box.setAttribute("aria-label", `${facts.title}: ${facts.summary}`);
    this.buildPagers(facts);
    this.cursor = -1;
    this.draw();
  }

  private find(selector: string) {
    return find(this.root, selector);
  }

  private buildPagers({ names, pages }: Facts) {
    const pagers = this.find(".pagers");
    const list = () => [...pagers.querySelectorAll<HTMLButtonElement | HTMLSelectElement>("button, select")];
    const at = list().indexOf(this.root.activeElement as HTMLButtonElement);
    const axes: [Axis, string][] = [
      ["columns", names[0]],
      ["rows", names[1]],
    ];
    const shown = axes.filter(([axis]) => pages[axis].names.length > 1);
    pagers.replaceChildren(
      ...shown.map(([axis, name]) => buildPager(name, pages[axis], (page) => this.turn(axis, page))),
    );
    const controls = list();
    const same = controls[at];
    if (at >= 0) (same?.disabled ? controls[at > 0 ? at - 1 : 1] : same)?.focus();
  }

  private turn(axis: Axis, page: number) {
    if (page >= 0 && page < this.page!.facts.pages[axis].names.length) this.send("page", { axis, page });
  }

  private draw() {
    const { clientWidth, clientHeight } = this.box;
    if (!this.page || !clientWidth || !clientHeight) return;
    this.layout = new KernelLayout(this.page.facts, clientWidth, clientHeight, devicePixelRatio || 1);
    drawTiles(find(this.root, ".tiles"), this.layout, this.page);
    this.mark(this.cursor);
  }

  private mark(cursor: number) {
    const { layout, tooltip, marks } = this;
    if (!layout) return;
    this.cursor = cursor;
    drawMarks(marks, layout, cursor);
    marks.classList.toggle("over", cursor >= 0);
    tooltip.hidden = cursor < 0;
    if (cursor < 0) return;
    tooltip.replaceChildren(...this.enlarge(cursor));
    // Beside the tile, at the side with more room; never beyond the box.
    const [x, y, w, h] = layout.place(cursor);
    const { offsetWidth: width, offsetHeight: height } = tooltip;
    const right = x + w + 10;
    const left = right + width <= this.box.clientWidth ? right : x - width - 10;
    const top = clamp(0, y + h / 2 - height / 2, this.box.clientHeight - height);
    tooltip.style.transform = `translate(${Math.round(Math.max(0, left))}px, ${Math.round(Math.max(0, top))}px)`;
  }

  /** What is said of a tile. */
  private describe(i: number) {
    const { facts, filters, norms, inputs, weights } = this.page!;
    const n = weights.length / (facts.rows * facts.columns);
    const values = weights.subarray(i * n, (i + 1) * n);
    const column = this.layout!.column(i);
    const [low, high] = [writeNumber(Math.min(...values)), writeNumber(Math.max(...values))];
    return {
      values,
      name: `${facts.names[0]} ${filters[column]}`,
      input: inputs[i] < 0 ? "" : `${facts.names[1]} ${inputs[i]}`,
      figures: [
        `norm ${writeNumber(norms[column])}`,
        ...(facts.rows > 1 ? [`here ${writeNumber(Math.hypot(...values))}`] : []),
        n > 1 ? `${low} to ${high}` : `weight ${low}`,
      ],
    };
  }

  /** The tile large, with its figures. */
  private enlarge(i: number) {
    const { facts } = this.page!;
    const { values, name, input, figures } = this.describe(i);
    const text = make("div");
    text.append(make("b", "", name), ...(input ? [make("em", "", `reads ${input}`)] : []));
    text.append(...figures.map((figure) => make("div", "", figure)), make("small", "", facts.link));
    return facts.width * facts.height > 1 ? [enlarge(this.page!, i, values), text] : [text];
  }

  private pick() {
    const { facts, filters } = this.page!;
    if (this.cursor >= 0 && facts.isLinked) this.send("pick", filters[this.layout!.column(this.cursor)]);
  }

  private listen() {
    const { marks } = this;
    const point = (event: MouseEvent) => {
      const i = this.layout?.at(event.offsetX, event.offsetY) ?? -1;
      if (i !== this.cursor) this.mark(i);
    };
    marks.onpointermove = (event) => event.pointerType !== "touch" && point(event);
    marks.onpointerleave = () => this.mark(-1);
    marks.onclick = (event) => {
      point(event);
      this.pick();
    };
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.mark(-1);
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event) || !this.layout || !this.page) return;
    const { across } = this.layout;
    const { rows, columns, pages } = this.page.facts;
    const [last, row] = [rows * columns - 1, Math.floor(Math.max(0, this.cursor) / across)];
    const step = (by: number) => () => this.go(this.cursor < 0 ? 0 : this.cursor + by, last);
    const axis = event.shiftKey ? "rows" : "columns";
    const page = (by: number) => () => this.turn(axis, pages[axis].chosen + by);
    const does = {
      ArrowLeft: step(-1),
      ArrowRight: step(1),
      ArrowUp: step(-across),
      ArrowDown: step(across),
      Home: () => this.go(row * across, last),
      End: () => this.go(Math.min(last, row * across + across - 1), last),
      PageUp: page(-1),
      PageDown: page(1),
      Enter: () => this.pick(),
      Escape: () => this.mark(-1),
    }[event.key];
    if (!does) return;
    does();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  /** The tile becomes the cursor's, and is told to those who do not see it. */
  private go(i: number, last: number) {
    if (i < 0 || i > last) return;
    this.mark(i);
    const { name, input, figures } = this.describe(i);
    this.find(".said").textContent = [name, input, ...figures].filter(Boolean).join(", ");
  }
}

/** Steps from page to page, and a list of all of them; built anew only when the pages are others. */
function buildPager(name: string, { names, chosen }: Pages, go: (page: number) => void) {
  const pager = make("label", "pager", `${name}s`);
  const steps = make("span", "steps");
  const [back, list, next] = [make("button", "", "‹"), make("select"), make("button", "", "›")];
  back.type = next.type = "button";
  list.append(...names.map((each) => make("option", "", each)));
  list.selectedIndex = chosen;
  list.setAttribute("aria-label", `Page of ${name}s`);
  back.setAttribute("aria-label", `${name}s before`);
  next.setAttribute("aria-label", `${name}s after`);
  back.disabled = chosen === 0;
  next.disabled = chosen === names.length - 1;
  back.onclick = () => go(chosen - 1);
  next.onclick = () => go(chosen + 1);
  list.onchange = () => go(list.selectedIndex);
  list.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  steps.append(back, list, next);
  pager.append(steps);
  return pager;
}

export default mount(KernelGrid);
