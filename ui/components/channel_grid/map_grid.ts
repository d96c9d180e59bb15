// MapGrid in rows. Only those in sight are on the page: two thousand channels cost no more than fifty.
import { clamp, find, inkOf, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import type { ChannelMaps } from "./channel_maps";

const GAP = 8;
const LABEL = 18;
const USUAL_SIDE = 64;

export class MapGrid {
  chosen = -1;
  private maps!: ChannelMaps;
  private sheet: HTMLElement;
  private cells = new Map<number, HTMLElement>(); // by channel, kept once it was in sight
  private order: number[] = [];
  private cursor = -1; // place in the order
  private columns = 0;
  private side = 0;
  private step = 0;

  constructor(
    readonly box: HTMLElement,
    private pick: (channel: number) => void,
  ) {
    this.sheet = find(box, ".sheet");
    box.onscroll = () => this.place();
    box.onkeydown = (event) => this.press(event);
    this.sheet.onclick = ({ target }) => {
      const cell = (target as Element).closest<HTMLElement>(".cell");
      if (cell) this.open(Number(cell.dataset.channel));
    };
  }

  show(maps: ChannelMaps) {
    this.maps = maps;
    this.cursor = -1;
    this.cells.clear();
    this.sheet.replaceChildren();
    const plural = maps.facts.unit === "colour" ? "Colours" : "Channels";
    this.box.setAttribute("aria-label", `${plural} of ${maps.facts.title}, each with its score`);
  }

  /** Other colours of the same. */
  repaint() {
    this.cells.clear();
    this.sheet.replaceChildren();
    this.place();
  }

  arrange(order: number[], keep: number) {
    this.order = order;
    this.cursor = order.length ? Math.max(0, order.indexOf(keep)) : -1;
    this.box.scrollTop = 0;
    this.fit();
  }

  mark(chosen: number) {
    this.chosen = chosen;
    for (const [channel, cell] of this.cells) cell.setAttribute("aria-selected", String(channel === chosen));
  }

  /** As large as lets all of them be seen at once, else so that whole columns fill the width. */
  fit() {
    const style = getComputedStyle(this.box);
    const width = this.box.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = this.box.clientHeight - parseFloat(style.paddingTop);
    if (width <= 0 || height <= 0) return;
    const columnsOf = (side: number) => Math.max(1, Math.floor((width + GAP) / (side + GAP)));
    let side = Math.floor(Math.max(USUAL_SIDE, height - LABEL - 4));
    const isTooTall = () => Math.ceil(this.order.length / columnsOf(side)) * (side + LABEL + GAP) > height + GAP;
    while (side > USUAL_SIDE && isTooTall()) side--;
    this.columns = columnsOf(side);
    if (isTooTall()) side = Math.floor((width - GAP * (this.columns - 1)) / this.columns);
    this.side = side;
    this.step = side + LABEL + GAP;
    this.sheet.style.setProperty("--side", `${side}px`);
    this.sheet.style.height = `${Math.ceil(this.order.length / this.columns) * this.step - GAP + 4}px`;
    this.place();
  }

  private place() {
    if (!this.columns) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.step) - 1);
    const last = Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.step) + 1;
    const seen = new Set<HTMLElement>();
    const put = (i: number) => {
      const cell = this.cell(this.order[i]);
      seen.add(cell);
      const [x, y] = [(i % this.columns) * (this.side + GAP), Math.floor(i / this.columns) * this.step + 2];
      cell.style.transform = `translate(${x}px, ${y}px)`;
      cell.setAttribute("aria-posinset", String(i + 1));
      cell.setAttribute("aria-setsize", String(this.order.length));
      cell.classList.toggle("cursor", i === this.cursor);
    };
    for (let i = first * this.columns; i < Math.min(last * this.columns, this.order.length); i++) put(i);
    if (this.cursor >= 0) put(this.cursor); // what the keyboard is at must exist
    for (const cell of [...this.sheet.children]) if (!seen.has(cell as HTMLElement)) cell.remove();
    this.sheet.append(...[...seen].filter((cell) => !cell.parentNode));
    const at = this.cells.get(this.order[this.cursor]);
    if (at) this.box.setAttribute("aria-activedescendant", at.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  private cell(channel: number) {
    const cell = this.cells.get(channel) ?? this.build(channel);
    this.cells.set(channel, cell);
    return cell;
  }

  private build(channel: number) {
    const { maps } = this;
    const { unit, width, height } = maps.facts;
    const cell = make("div", "cell");
    cell.id = `channel-${channel}`;
    cell.dataset.channel = String(channel);
    cell.setAttribute("role", "option");
    cell.setAttribute("aria-selected", String(channel === this.chosen));
    const score = maps.text(channel);
    const text = `${unit} ${maps.name(channel)}`;
    cell.setAttribute("aria-label", `${text} ${score}`); // holds what is written below the map
    cell.title = `${text}, score ${score}: open it`;
    const canvas = make("canvas");
    [canvas.width, canvas.height] = [width, height];
    inkOf(canvas).putImageData(maps.paint(channel, 1, width, height), 0, 0);
    const label = make("div");
    label.append(make("b", "", maps.name(channel)), " ", make("span", "", score));
    cell.append(canvas, label);
    return cell;
  }

  open(channel: number) {
    this.cursor = this.order.indexOf(channel);
    this.mark(channel); // shown at once; the page follows
    this.place();
    this.pick(channel);
  }

  private go(to: number) {
    this.cursor = clamp(0, to, this.order.length - 1);
    const top = Math.floor(this.cursor / this.columns) * this.step;
    const { scrollTop, clientHeight } = this.box; // scrollIntoView would scroll the page as well
    if (top < scrollTop) this.box.scrollTop = top;
    if (top + this.step > scrollTop + clientHeight) this.box.scrollTop = top + this.step - clientHeight;
    this.place();
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event) || !this.order.length) return;
    const rows = Math.max(1, Math.floor(this.box.clientHeight / this.step)) * this.columns;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
      PageUp: -rows,
      PageDown: rows,
      Home: -Infinity,
      End: Infinity,
    };
    if (event.key in steps) this.go(this.cursor + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.open(this.order[this.cursor]);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
