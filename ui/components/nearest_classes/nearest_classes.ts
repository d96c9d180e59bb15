// A button a class; Tab enters the list once, arrows go from row to row.
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { writeMinus } from "../base/numbers";
import { LIST, walk } from "../base/walk";
import "./nearest_classes.css";

interface NearClass {
  index: number;
  name: string;
  detail: string;
  color: string;
  cosine: number;
  is_shown: boolean;
}

class NearestClasses {
  private list: HTMLElement;
  private buttons: HTMLButtonElement[] = [];

  constructor(
    private root: ShadowRoot,
    private send: Send<{ pick: number }>,
  ) {
    this.list = find(root, "ol");
    this.list.onkeydown = (event) => walk(event, this.buttons, LIST);
  }

  stop() {}

  show({ rows }: { rows: NearClass[] }) {
    const most = Math.max(...rows.map(({ cosine }) => Math.abs(cosine)), 1e-6);
    const least = Math.min(0, ...rows.map(({ cosine }) => cosine));
    const reach = most - least; // what a bar's room stands for
    this.list.style.setProperty("--zero", `${(100 * -least) / reach}%`);
    const focused = this.list.contains(this.root.activeElement);
    this.buttons = rows.map((row, i) => this.build(row, i, most));
    this.list.replaceChildren(
      ...this.buttons.map((button) => {
        const entry = make("li");
        entry.append(button);
        return entry;
      }),
    );
    if (focused) this.buttons[0]?.focus();
  }

  private build({ index, name, detail, color, cosine, is_shown }: NearClass, i: number, most: number) {
    const button = make("button", is_shown ? "" : "away");
    button.type = "button";
    button.tabIndex = i ? -1 : 0;
    button.dataset.class = String(index);
    button.style.setProperty("--color", color);
    button.title = [name, detail, is_shown ? "" : "not on the map"].filter(Boolean).join("; ");
    const [bar, fill] = [make("span", "bar"), make("i", cosine < 0 ? "negative" : "")];
    // Of the room at the right of zero: a bar to the left reaches out of it.
    fill.style.width = `${(100 * Math.abs(cosine)) / most}%`;
    bar.append(fill);
    const figure = make("span", "figure", writeMinus(cosine.toFixed(3)));
    button.append(make("span", "dot"), make("span", "name", name), bar, figure);
    button.onclick = () => this.send("pick", index);
    return button;
  }
}

export default mount(NearestClasses);
