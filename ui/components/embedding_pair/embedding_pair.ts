// Two plots of the same samples. Pointing at a sample in one marks it in both, joined to the ones that are nearest to it
// where it is pointed at: in the other plot the same ones show where they went.
import { hear } from "../base/channel";
import { decode, mount, type Send, type Table } from "../base/component";
import { find, make } from "../base/elements";
import { Choices, toggleEntry } from "../points/choices";
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
import { SamplePlot } from "../scatter/plot";
import "../points/points.css";
import "./embedding_pair.css";

interface Data extends SampleData {
  arrays: Table;
  names: string[];
  /** Null where nothing is known of predictions. */
  outputs: string[] | null;
  /** How many nearest ones each sample has. */
  neighbors: number;
  pinned: number;
}

type Triggers = { pinned: number };

const HINT = "Point at a sample: lines join it to its ten nearest there, and show where these are in the other plot.";

class EmbeddingPair {
  private data?: Data;
  private samples!: Samples;
  private predictions!: Predictions;
  private nearest: Int32Array[] = [];
  private shared!: Float32Array;
  private pair: HTMLElement;
  private told: HTMLElement;
  private plots: SamplePlot[];
  private legend: Legend;
  private choices: Choices<Triggers>;
  private hovered = -1;
  private at = 0; // the plot that is pointed at
  private only: number[] = []; // entries of the legend that are kept
  private lit: number | null = null;
  private cleanups: (() => void)[];

  constructor(root: ShadowRoot, send: Send<Triggers>) {
    [this.pair, this.told] = [find(root, ".pair"), find(root, ".told")];
    this.choices = new Choices({ pinned: -1 }, send, () => this.mark());
    this.plots = [...root.querySelectorAll<HTMLElement>(".plot")].map((box, k) => this.openPlot(box, k));
    this.legend = new Legend(find(root, ".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.keep(toggleEntry(this.only, group)),
      clear: () => this.keep([]),
    });
    this.cleanups = [
      hear("thumbnails", () => this.warm()),
      hear("sample", ({ family, uid }) => family === this.data?.family && this.hover(this.at, uid ?? -1)),
    ];
  }

  stop() {
    for (const clean of this.cleanups) clean();
    for (const plot of this.plots) plot.stop();
    this.choices.stop();
  }

  show(data: Data) {
    const another = this.data?.family !== data.family;
    const recolored = this.data?.coloring.title !== data.coloring.title;
    const { arrays } = data;
    this.data = data;
    this.samples = decodeSamples(arrays);
    this.predictions = decodePredictions(arrays);
    this.nearest = [decode(arrays, "nearest0", "i4"), decode(arrays, "nearest1", "i4")];
    this.shared = decode(arrays, "shared", "f4");
    this.choices.confirm(data, another);
    if (another) this.hovered = -1;
    if (another || recolored) this.only = [];
    this.lit = null;
    this.pair.classList.toggle("plain", !data.outputs);
    this.plots.forEach((plot, k) => {
      const name = `${data.names[k]}: scatter plot`;
      plot.show(data.coloring.entries, decode(arrays, `positions${k}`, "f4"), another, name);
    });
    this.pair.dataset.shown = String(1 + Number(this.pair.dataset.shown ?? 0)); // pairs drawn so far
    this.recast();
    this.warm();
  }

  private openPlot(box: HTMLElement, k: number) {
    return new SamplePlot(box, {
      marked: () => ({ ...this.marked, hovered: this.hovered }),
      describe: (i) => this.describe(i),
      hover: (i) => this.hover(k, i),
      click: (i) => this.toggle(i),
      pin: (i) => this.pin(i),
      keys: (): Record<string, () => void> => (this.choices.get("pinned") >= 0 ? { Escape: () => this.pin(-1) } : {}),
    });
  }

  private warm() {
    for (const plot of this.data ? this.plots : []) plot.warm(this.data!.family);
  }

  /** Who is in colour has changed. */
  private recast() {
    if (!this.data) return;
    const { groups, faded } = this.samples;
    const { coloring } = this.data;
    const { lit } = this;
    const only = coloring.ends ? [] : this.only;
    for (const { stage } of this.plots) stage.cast.assign({ groups, faded, only, lassoed: [], lit });
    this.legend.show(coloring, ...countEntries(coloring.entries.length, [groups], faded), only);
    this.mark();
    for (const plot of this.plots) plot.invalidate();
  }

  private light(group: number | null) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  private keep(only: number[]) {
    this.only = only;
    this.recast();
  }

  /** The sample that both plots mark, and the others it is joined to. */
  private get marked() {
    const i = this.hovered >= 0 ? this.hovered : this.choices.get("pinned");
    if (i < 0 || i >= this.count) return { pinned: -1, neighbors: [] };
    return { pinned: i, neighbors: this.listNearest(this.at, i) };
  }

  private get count() {
    return this.data ? this.samples.labels.length : 0;
  }

  private listNearest(plot: number, i: number) {
    const { neighbors: k } = this.data as Data;
    return [...this.nearest[plot].subarray(i * k, (i + 1) * k)];
  }

  private hover(plot: number, i: number) {
    if (i >= this.count || (i === this.hovered && plot === this.at)) return;
    if (i < 0 && plot !== this.at) return; // the pointer has gone to the other plot already
    this.hovered = i;
    if (i >= 0) this.at = plot;
    this.mark();
  }

  private mark() {
    const { pinned } = this.marked;
    this.pair.dataset.marked = String(pinned);
    this.plots.forEach((plot, k) => {
      plot.tell(k === this.at ? this.hovered : -1);
      plot.askFrame();
    });
    this.tell(pinned);
  }

  private tell(i: number) {
    if (i < 0) {
      this.told.textContent = HINT;
      return;
    }
    const [one, other] = [this.listNearest(0, i), new Set(this.listNearest(1, i))];
    const common = one.filter((each) => other.has(each)).length;
    const count = make("b", "", `${common} of ${one.length}`);
    const share = make("b", "", this.shared[i].toFixed(2));
    this.told.replaceChildren(`Sample ${String(i).padStart(4, "0")}: `, count, " nearest in both, Jaccard ", share);
  }

  private describe(i: number) {
    const data = this.data as Data;
    return describeSample(i, this.samples, data, this.predictions, data.outputs);
  }

  /** A click on the pinned sample, or beside all of them, unpins it. */
  private toggle(i: number) {
    const pinned = this.choices.get("pinned");
    if (i >= 0 || pinned >= 0) this.pin(i === pinned ? -1 : i);
  }

  private pin(i: number) {
    this.choices.make("pinned", i);
  }
}

export default mount(EmbeddingPair);
