// The line above and what stands below it: a grid of maps, or a heatmap of dense neurons.
import { mount, type Send, type Table } from "../base/component";
import { find } from "../base/elements";
import "./channel_grid.css";
import { ChannelMaps, type Facts, format } from "./channel_maps";
import { Heatmap } from "./heatmap";
import { MapGrid } from "./map_grid";

interface Data {
  arrays: Table;
  facts: Facts;
  /** Another where anything else is to be drawn. */
  stamp: string;
  /** -1 for none. */
  chosen: number;
  order: string;
}

type Triggers = { pick: number; order: string };

const FAREWELL = 300; // milliseconds in which a dialog goes
const ROOMY = "data-roomy-activations";
const PLURALS: Record<string, string> = {
  channel: "channels",
  neuron: "neurons",
  class: "classes",
  colour: "colours",
};

class ChannelGrid {
  private grid: MapGrid;
  private heatmap: Heatmap;
  private shown: MapGrid | Heatmap;
  private search: HTMLInputElement;
  private buttons: HTMLElement[];
  private observer = new ResizeObserver(() => this.fit());
  private maps!: ChannelMaps;
  private stamp = "";
  private ordered: string[] = []; // orders on their way to Python
  private order = "";
  private told = "";
  private opened = -1;
  private sorted: number[] = [];
  private left: number[] = [];

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    const pick = (channel: number) => send("pick", channel);
    this.shown = this.grid = new MapGrid(this.find(".grid"), pick);
    this.heatmap = new Heatmap(this.find(".dense"), pick);
    this.search = find(root, ".search");
    this.buttons = [...root.querySelectorAll<HTMLElement>(".orders button")];
    for (const button of this.buttons) button.onclick = () => this.choose(button.dataset.by!);
    this.search.oninput = () => this.filter();
    this.search.onkeydown = (event) => this.press(event);
    const { documentElement: page } = document;
    this.find(".room").onclick = () => this.giveRoom(!page.hasAttribute(ROOMY));
    this.giveRoom(page.hasAttribute(ROOMY));
    for (const each of [this.find(".channels"), this.grid.box, this.heatmap.box]) this.observer.observe(each);
  }

  stop() {
    this.observer.disconnect();
  }

  show(data: Data) {
    const isNew = this.stamp !== data.stamp;
    if (isNew) {
      this.stamp = data.stamp;
      this.maps = new ChannelMaps(data.facts, data.arrays);
      const { dense, title } = data.facts;
      this.shown = dense ? this.heatmap : this.grid;
      this.grid.box.hidden = dense;
      this.heatmap.box.hidden = !dense;
      this.shown.show(this.maps);
      this.search.value = "";
      this.fillHead();
      this.find(".channels").dataset.shown = `${title}/${this.stamp}`; // what is drawn
    }
    if (isNew || this.isWish(data.order)) this.sort(data.order);
    this.told = data.order;
    this.shown.mark(data.chosen);
    if (this.opened >= 0 && data.chosen < 0) this.takeFocus();
    this.opened = data.chosen;
    if (isNew) this.fit();
  }

  private find(selector: string) {
    return find(this.root, selector);
  }

  /** The page's style sheet decides what that means: here it is only said. */
  private giveRoom(given: boolean) {
    document.documentElement.toggleAttribute(ROOMY, given);
    const room = this.find(".room");
    room.setAttribute("aria-pressed", String(given));
    room.title = given ? "Less room for the activations" : "More room for the activations";
    room.setAttribute("aria-label", given ? "Less room" : "More room");
  }

  /** A dialog that closes gives the focus back to what had it, unless that is in a shadow root. */
  private takeFocus() {
    setTimeout(() => {
      if (document.activeElement === document.body) this.shown.box.focus({ preventScroll: true });
    }, FAREWELL);
  }

  /** Whether Python asks for another order, rather than repeats one that was chosen here. */
  private isWish(order: string) {
    const echoed = this.ordered.lastIndexOf(order);
    this.ordered.splice(0, echoed + 1);
    return echoed < 0 && order !== this.told && order !== this.order;
  }

  private fit() {
    if (this.maps) this.shown.fit();
  }

  private fillHead() {
    const { title, unit, count, dense, names } = this.maps.facts;
    this.find("h2 b").textContent = title;
    this.find("h2").title = `Activations of ${title}`;
    this.find(".bar").style.background = this.maps.scale.gradient;
    this.fillScale();
    this.find(".orders").hidden = dense;
    const hint = names ? `Find one of the ${PLURALS[unit] ?? "channels"}` : `Find a ${unit} by its number`;
    this.search.title = hint;
    this.search.setAttribute("aria-label", hint);
    this.tell(count);
  }

  /** The layer's own ends, with a line where values change their sign; or each channel's own. */
  private fillScale() {
    const { low, high, dense, unit } = this.maps.facts;
    const { own } = this.maps;
    const scale = find<HTMLButtonElement>(this.root, ".scale");
    const meaning = dense ? ", this layer's smallest and largest value" : ", which hold 99 % of this layer's values";
    const ends = `${format(low)} to ${format(high)}${unit === "class" || unit === "colour" ? "" : meaning}`;
    const zero = this.find(".bar u");
    zero.hidden = own || !(low < 0 && high > 0);
    zero.style.left = `${(100 * -low) / (high - low || 1)}%`;
    this.find(".low").textContent = own ? "own" : format(low);
    this.find(".high").textContent = own ? "range" : format(high);
    const now = own
      ? "Each channel has its own range. Click for one scale for the layer"
      : `One scale: ${ends}${zero.hidden ? "" : "; the line is zero"}`;
    const offer = own || dense ? "" : ". Click to scale each channel by itself";
    scale.title = now + offer;
    scale.setAttribute("aria-label", `${scale.textContent.trim().replace(/\s+/g, " ")}: ${scale.title}`);
    scale.setAttribute("aria-pressed", String(own));
    scale.disabled = dense;
    scale.onclick = () => {
      this.maps.own = !own;
      this.fillScale();
      this.grid.repaint();
    };
  }

  /** How many there are, and how many of them the search leaves. */
  private tell(found: number) {
    const { count, unit } = this.maps.facts;
    const word = count === 1 ? unit : (PLURALS[unit] ?? `${unit}s`);
    this.find(".count").textContent = found === count ? `${count} ${word}` : `${found} of ${count} ${word}`;
    const nothing = this.find(".nothing");
    nothing.hidden = found > 0;
    nothing.textContent = `No ${unit} ${this.search.value.trim()} here`;
    this.search.classList.toggle("vain", found === 0);
  }

  /** The active choice turns round; the other begins with what is looked for most. */
  private choose(by: string) {
    const active = this.order.replace("-", "") === by;
    const turned = this.order.startsWith("-") ? by : `-${by}`;
    this.sort(active ? turned : by === "score" ? "-score" : "channel");
    this.ordered.push(this.order);
    this.send("order", this.order);
  }

  private sort(order: string) {
    this.order = order;
    const falling = order.startsWith("-");
    for (const button of this.buttons) {
      const { by } = button.dataset;
      const active = order.replace("-", "") === by;
      button.setAttribute("aria-pressed", String(active));
      button.classList.toggle("falling", falling);
      const way = falling ? "falling" : "rising";
      button.title = active ? `Sorted by ${by}, ${way}; click to turn it round` : `Sort by ${by}`;
    }
    this.sorted = this.maps.sort(order);
    this.filter();
  }

  private filter() {
    const text = this.search.value;
    this.left = this.maps.find(text, this.sorted);
    if (this.maps.facts.dense) this.heatmap.filter(text.trim() ? this.left : null);
    else this.grid.arrange(this.left, text.trim() ? this.left[0] : this.grid.chosen);
    this.tell(this.left.length);
  }

  private press(event: KeyboardEvent) {
    event.stopPropagation(); // what is typed is no key of the page
    if (event.key === "Enter" && this.search.value.trim() && this.left.length) {
      this.shown.open(this.left[0]);
    } else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.filter();
    } else if (event.key === "ArrowDown") {
      this.shown.box.focus();
    } else return;
    event.preventDefault();
  }
}

export default mount(ChannelGrid);
