// A legend that speaks to the clouds beside it.
import { tell } from "../base/channel";
import { mount, type Send } from "../base/component";
import { find } from "../base/elements";
import { Choices, toggleEntry } from "../points/choices";
import type { Coloring } from "../points/geometry";
import { Legend } from "../points/legend";
import "../points/points.css";
import "./class_legend.css";

interface Data {
  coloring: Coloring;
  counts: number[];
  only: number[];
  family: string;
}

type Triggers = { only: number[] };

class ClassLegend {
  private data?: Data;
  private legend: Legend;
  private choices: Choices<Triggers>;

  constructor(root: ShadowRoot, send: Send<Triggers>) {
    this.choices = new Choices<Triggers>({ only: [] }, send, () => this.redraw());
    this.legend = new Legend(find(root, ".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.choices.make("only", toggleEntry(this.choices.get("only"), group)),
      clear: () => this.choices.make("only", []),
    });
  }

  show(data: Data) {
    this.choices.confirm(data, this.data?.family !== data.family);
    this.data = data;
    this.redraw();
  }

  stop() {
    this.light(null);
    this.choices.stop();
  }

  private redraw() {
    if (!this.data) return;
    const { coloring, counts } = this.data;
    this.legend.show(coloring, counts, counts, this.choices.get("only"));
  }

  private light(group: number | null) {
    if (this.data) tell("class", { family: this.data.family, group });
  }
}

export default mount(ClassLegend);
