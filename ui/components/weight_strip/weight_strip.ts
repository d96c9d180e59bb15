// A button a layer over the drawing; one of them is reached by Tab, arrows go from layer to layer.
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { walk } from "../base/walk";
import { drawStrip, StripLayout, type WeightColumn } from "./strip";
import "./weight_strip.css";

interface Layer extends WeightColumn {
  key: string;
  kind: string;
  title: string;
}

interface Data {
  columns: Layer[];
  chosen: string;
}

class WeightStrip {
  private list: HTMLElement;
  private columns: Layer[] = [];
  private content = "";
  private buttons: HTMLButtonElement[] = [];
  private chosen?: Element;
  private observer = new ResizeObserver(() => this.draw());

  constructor(
    private root: ShadowRoot,
    private send: Send<{ pick: string }>,
  ) {
    this.list = find(root, ".layers");
    this.list.onkeydown = (event) => walk(event, this.buttons);
    this.list.addEventListener("focusin", ({ target }) => this.tell(target));
    this.list.onpointerover = ({ target }) => target !== this.list && this.tell(target);
    this.list.onpointerleave = () => this.tell(this.chosen);
    this.observer.observe(find(root, ".field"));
  }

  stop() {
    this.observer.disconnect();
  }

  show({ columns, chosen }: Data) {
    const content = JSON.stringify(columns);
    this.columns = columns;
    if (content !== this.content) this.build();
    this.content = content;
    this.buttons.forEach((button, i) => {
      const isChosen = columns[i].key === chosen;
      button.setAttribute("aria-pressed", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    });
    this.chosen = this.buttons.find((_, i) => columns[i].key === chosen);
    this.tell(this.chosen);
    this.draw();
  }

  private build() {
    this.buttons = this.columns.map(({ key, title }) => {
      const button = make("button");
      button.type = "button";
      button.dataset.layer = key;
      button.setAttribute("aria-label", `${key}: ${title}`);
      button.onclick = () => this.send("pick", key);
      return button;
    });
    this.list.replaceChildren(...this.buttons);
    const kinds = new Map(this.columns.map(({ kind, color }) => [kind, color]));
    const entries = [...kinds].map(([kind, color]) => {
      const entry = make("span");
      const dot = make("i");
      dot.style.background = color;
      entry.append(dot, kind);
      return entry;
    });
    find(this.root, ".legend").replaceChildren(...entries);
  }

  private tell(button?: EventTarget | null) {
    const column = this.columns[this.buttons.indexOf(button as HTMLButtonElement)];
    find(this.root, ".told").textContent = column ? `${column.key}   ${column.title}` : "";
  }

  private draw() {
    const { clientWidth, clientHeight } = find(this.root, ".field");
    if (!this.columns.length || !clientWidth) return;
    const layout = new StripLayout(this.columns, clientWidth, clientHeight);
    drawStrip(find(this.root, "canvas"), layout, this.columns);
    this.buttons.forEach(({ style }, i) => {
      Object.assign(style, { left: `${layout.left(i)}px`, width: `${layout.pitch}px` });
    });
  }
}

export default mount(WeightStrip);
