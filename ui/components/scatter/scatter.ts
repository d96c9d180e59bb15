// A scatter plot with its tools and its legend: what the page says, and what the visitor chooses.
import { hear } from "../base/channel";
import { decode, mount, type Send, type Table } from "../base/component";
import { find } from "../base/elements";
import { isShortcut, isWriting } from "../base/keys";
import { Pictures } from "../points/album";
import { Choices, NOTHING_CHOSEN, type PlotChoices, toggleEntry } from "../points/choices";
import { Legend } from "../points/legend";
import {
  countEntries,
  decodePredictions,
  decodeSamples,
  describeSample,
  type Predictions,
  type SampleData,
  type Samples,
} from "../points/samples";
import { Tools } from "../points/tools";
import { SamplePlot } from "./plot";
import "../points/points.css";
import "./scatter.css";

interface Data extends SampleData, PlotChoices {
  arrays: Table;
  outputs: string[];
  /** Of the pinned sample. */
  neighbors: number[];
}

class Scatter {
  private data?: Data;
  private samples!: Samples;
  private predictions!: Predictions;
  private plot: SamplePlot;
  private tools: Tools;
  private legend: Legend;
  private choices: Choices<PlotChoices>;
  private pictures = new Pictures(() => this.recast());
  private hovered = -1;
  private lit: number | null = null; // the group that the legend brings out for the moment
  private cleanups: (() => void)[];

  constructor(root: ShadowRoot, send: Send<PlotChoices>) {
    this.choices = new Choices(NOTHING_CHOSEN, send, () => this.recast());
    const box = find(root, ".plot");
    const acts = {
      pictures: () => this.togglePictures(),
      zoomBy: (factor: number) => this.plot.zoomBy(factor),
      fit: () => this.plot.fit(),
      clear: () => this.choices.make("lassoed", []),
    };
    this.tools = new Tools(box, acts, "Plot tools", "Show all points again");
    this.tools.onPoint("pictures", () => this.data && this.pictures.fetch(this.data.family));
    this.plot = new SamplePlot(box, this, this.tools);
    this.legend = new Legend(find(root, ".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.choices.make("only", toggleEntry(this.choices.get("only"), group)),
      clear: () => this.choices.make("only", []),
    });
    const press = (event: KeyboardEvent) => this.press(event);
    addEventListener("keydown", press);
    this.cleanups = [
      () => removeEventListener("keydown", press),
      hear("thumbnails", () => this.fetchPictures()),
      hear("sample", ({ family, uid }) => family === this.data?.family && this.hover(uid ?? -1)),
    ];
  }

  stop() {
    for (const clean of this.cleanups) clean();
    this.choices.stop();
    this.plot.stop();
    this.pictures.drop();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data: Data) {
    const another = this.data?.family !== data.family;
    this.samples = decodeSamples(data.arrays);
    this.predictions = decodePredictions(data.arrays);
    this.data = data;
    this.choices.confirm(data, another);
    if (another) {
      this.pictures.drop(data.family);
      this.hovered = -1;
      this.plot.tell(-1);
      this.plot.lasso.drop();
    }
    this.lit = null;
    this.plot.show(data.coloring.entries, decode(data.arrays, "positions", "f4"), another);
    const { dataset } = this.plot.box;
    dataset.shown = String(1 + Number(dataset.shown ?? 0)); // views drawn so far
    this.recast();
    this.fetchPictures();
  }

  private fetchPictures() {
    if (!this.data) return;
    this.plot.warm(this.data.family);
    if (this.choices.get("pictures")) this.pictures.fetch(this.data.family);
  }

  /** Who plays which part has changed. */
  private recast() {
    if (!this.data) return;
    const { coloring } = this.data;
    const { groups, faded } = this.samples;
    const { stage } = this.plot;
    const [lassoed, pictures] = [this.choices.get("lassoed"), this.choices.get("pictures")];
    const only = coloring.ends ? [] : this.choices.get("only");
    stage.cast.assign({ groups, faded, only, lassoed, lit: this.lit });
    stage.album = pictures ? this.pictures.album : null;
    this.legend.show(coloring, ...countEntries(coloring.entries.length, [groups], faded), only);
    this.tools.press("pictures", pictures);
    this.tools.tellCaught(lassoed);
    this.plot.invalidate();
  }

  marked() {
    const pinned = this.choices.get("pinned");
    return {
      pinned: pinned < this.plot.stage.n ? pinned : -1,
      neighbors: pinned === this.data?.pinned ? this.data.neighbors : [],
      hovered: this.hovered,
    };
  }

  describe(i: number) {
    const data = this.data as Data;
    return describeSample(i, this.samples, data, this.predictions, data.outputs);
  }

  // --- what the visitor chooses ------------------------------------------------------------------

  pin(i: number) {
    this.choices.make("pinned", i);
  }

  click(i: number) {
    if (i >= 0 && i !== this.choices.get("pinned")) this.pin(i);
  }

  enclose(uids: number[]) {
    if (uids.length || this.choices.get("lassoed").length) this.choices.make("lassoed", uids);
  }

  hover(i: number) {
    if (i === this.hovered || i >= this.plot.stage.n) return;
    this.hovered = i;
    this.plot.tell(i);
    this.plot.askFrame();
  }

  private light(group: number | null) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  private togglePictures() {
    this.choices.make("pictures", !this.choices.get("pictures"));
    this.fetchPictures();
  }

  keys() {
    return {
      Escape: () => this.escape(),
      i: () => this.togglePictures(),
      l: () => this.tools.toggleLasso(),
    };
  }

  /** The keys of the tools also count while the pointer is over the plot. */
  private press(event: KeyboardEvent) {
    const [target] = event.composedPath();
    if (!this.plot.pointed || event.defaultPrevented || isShortcut(event)) return;
    if (this.plot.box.contains(target as Node) || isWriting(target)) return;
    if (event.key === "Escape" && target !== document.body) return; // it may close something else
    if (this.plot.act(event)) event.preventDefault();
  }

  private escape() {
    const { lasso } = this.plot;
    if (lasso.line.length) lasso.drop();
    else if (this.choices.get("lassoed").length) this.choices.make("lassoed", []);
    else if (this.choices.get("pinned") >= 0) this.pin(-1);
    else if (this.tools.lassoes) this.tools.toggleLasso();
  }
}

export default mount(Scatter);
