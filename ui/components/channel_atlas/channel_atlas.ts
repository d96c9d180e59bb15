// A layer's channels as dots and, in their order, as pictures; a click goes to one.
import { mount, type Send } from "../base/component";
import { clamp, find, make } from "../base/elements";
import "./channel_atlas.css";
import { type Channels, Field, isByChance, writePeak } from "./field";

interface Data extends Channels {
  unit: string;
  names: string[] | null;
  /** Channels whose pictures are on the sheet, a data URL, and the place of the first in the order. */
  page: number[];
  sheet: string;
  first: number;
  order: number[];
}

class ChannelAtlas {
  private field: Field;
  private data!: Data;
  private at = 0; // in the order

  constructor(
    private root: ShadowRoot,
    private send: Send<{ pick: number }>,
  ) {
    this.field = new Field(find(root, ".field"), (channel) => this.pick(channel));
    this.button(".previous").onclick = () => this.walk(-1);
    this.button(".next").onclick = () => this.walk(1);
    this.button(".back").onclick = () => this.walk(-this.data.page.length);
    this.button(".on").onclick = () => this.walk(this.data.page.length);
  }

  stop() {
    this.field.stop();
  }

  show(data: Data) {
    this.data = data;
    this.at = data.order.indexOf(data.current);
    this.field.show(data, (i) => this.describe(i));
    find(this.root, ".place").replaceChildren(make("em", "", this.at + 1), ` of ${data.order.length}`);
    this.showCells();
  }

  private button(name: string) {
    return find<HTMLButtonElement>(this.root, name);
  }

  private describe(i: number) {
    const { names, unit, index, strongest, preferred, classes } = this.data;
    const selectivity = index[i];
    const liked =
      selectivity === null ? "selectivity not defined" : `${selectivity.toFixed(2)} for ${classes[preferred[i]][0]}`;
    const chance = isByChance(this.data, i) ? ", as by chance" : "";
    const name = names ? names[i] : `${unit} ${i}`;
    return [
      make("b", "", name),
      make("span", "", ` ${liked}${chance} `),
      make("em", "", `peak ${writePeak(strongest[i])}`),
    ];
  }

  private showCells() {
    const { page, first, order } = this.data;
    const cells = find(this.root, ".cells");
    const hadFocus = cells.contains(this.root.activeElement);
    cells.replaceChildren(...page.map((channel, i) => this.buildCell(channel, i)));
    if (hadFocus) cells.querySelector<HTMLElement>("[aria-current=true]")?.focus();
    this.button(".back").disabled = first === 0;
    this.button(".on").disabled = first + page.length >= order.length;
    for (const name of [".previous", ".next"]) this.button(name).disabled = order.length < 2;
  }

  private buildCell(channel: number, i: number) {
    const { page, sheet, current, preferred, classes, strongest, names } = this.data;
    const cell = make("button", strongest[channel] === 0 ? "silent" : "");
    cell.type = "button";
    cell.dataset.channel = String(channel);
    cell.setAttribute("aria-current", String(channel === current));
    cell.title = this.describe(channel)
      .map((each) => each.textContent)
      .join("");
    cell.setAttribute("aria-label", cell.title);
    const picture = make("i");
    Object.assign(picture.style, {
      backgroundImage: `url("${sheet}")`,
      backgroundSize: `${100 * page.length}% 100%`,
      backgroundPosition: `${page.length > 1 ? (100 * i) / (page.length - 1) : 0}% 0`,
      borderColor: classes[preferred[channel]]?.[1] ?? "#454e58",
    });
    cell.append(picture, make("span", "", names ? names[channel] : channel));
    cell.onclick = () => this.pick(channel);
    return cell;
  }

  /** Round at the ends by single steps; by pages up to the last one. */
  private walk(step: number) {
    const { order } = this.data;
    const n = order.length;
    const to = Math.abs(step) === 1 ? (this.at + step + n) % n : clamp(0, this.at + step, n - 1);
    this.pick(order[to]);
  }

  private pick(channel: number) {
    if (channel !== this.data.current) this.send("pick", channel);
  }
}

export default mount(ChannelAtlas);
