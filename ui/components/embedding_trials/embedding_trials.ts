// Several layouts at once; they come one by one.
import { hear } from "../base/channel";
import { decode, mount, type Send, type Table } from "../base/component";
import { find, make } from "../base/elements";
import { type Figure, fillFigures } from "../embedding_film/figures";
import { LayoutPlot, LinkedSamples, type SamplesData } from "../embedding_film/layout_plot";
import { ProgressPoll } from "../embedding_film/progress_poll";
import "../points/points.css";
import "../embedding_film/layout_plot.css";
import "./embedding_trials.css";

interface TrialLayout {
  title: string;
  isNoise: boolean;
  isThere: boolean;
  figures: Figure[];
}

interface TrialsProgress {
  note: string;
  share: number;
  action: string;
  rows: [real: string, noise: string];
}

interface Data extends SamplesData {
  clouds: Table;
  layouts: TrialLayout[];
  progress: TrialsProgress;
  waits: boolean;
  token: string;
}

type Triggers = { pin: number; run: string; tick: string };

class EmbeddingTrials {
  private box: HTMLElement;
  private samples = new LinkedSamples();
  private polling: ProgressPoll;
  private parts: { section: HTMLElement; plot: LayoutPlot }[] = [];
  private ends: (() => void)[];
  private action = "";

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.box = find(root, ".trials");
    this.polling = new ProgressPoll((token) => send("tick", token));
    find(root, ".act").onclick = () => this.tell("run", this.action);
    this.ends = [
      hear("thumbnails", () => this.paint()),
      hear("class", ({ family, group }) => {
        if (family !== this.samples.family) return;
        this.samples.lit = group;
        this.paint();
      }),
    ];
  }

  stop() {
    for (const end of this.ends) end();
    for (const { plot } of this.parts) plot.stop();
    this.polling.stop();
  }

  show(data: Data) {
    const { layouts, progress, clouds, waits, token } = data;
    this.samples.read(data);
    if (this.parts.length !== layouts.length) this.build(layouts);
    const steps = decode(clouds, "points", "i2");
    const size = 2 * this.samples.n;
    let next = 0;
    layouts.forEach(({ title, isThere, figures }, i) => {
      const { section, plot } = this.parts[i];
      find(section, "h3").textContent = title;
      section.dataset.there = String(isThere);
      fillFigures(find(section, ".figures"), figures);
      plot.show(isThere ? steps.subarray(next * size, ++next * size) : null);
    });
    this.describe(progress);
    this.polling.follow(waits, token);
  }

  private build(layouts: TrialLayout[]) {
    for (const { plot } of this.parts) plot.stop();
    const acts = {
      hover: (i: number) => this.hover(i),
      pick: (i: number) => this.pick(i),
      release: () => this.pick(-1),
    };
    const rows = { real: [] as HTMLElement[], noise: [] as HTMLElement[] };
    this.parts = layouts.map(({ title, isNoise }) => {
      const section = make("section");
      section.innerHTML = `<header class="cap"><h3></h3><div class="figures"></div></header><div class="plot"><canvas></canvas></div>`;
      const box = find(section, ".plot");
      if (!isNoise) {
        box.tabIndex = 0;
        box.setAttribute("role", "application");
        box.setAttribute("aria-describedby", "trial-keys");
      } else box.setAttribute("role", "img");
      box.setAttribute("aria-label", `${title}, ${isNoise ? "Gaussian" : "features"}`);
      rows[isNoise ? "noise" : "real"].push(section);
      return { section, plot: new LayoutPlot(box, this.samples, isNoise ? null : acts) };
    });
    for (const [name, sections] of Object.entries(rows)) find(this.root, `.line.${name}`).replaceChildren(...sections);
  }

  private describe({ note, share, action, rows }: TrialsProgress) {
    this.action = action;
    find(this.root, ".note").textContent = note;
    find(this.root, ".gauge").hidden = share < 0;
    find(this.root, ".gauge i").style.width = `${100 * Math.max(0, share)}%`;
    const act = find(this.root, ".act");
    act.hidden = !action;
    act.textContent = action === "run" ? "Run the t-SNEs" : "Cancel";
    find(this.root, ".row.real").textContent = rows[0];
    find(this.root, ".row.noise").textContent = rows[1];
  }

  private paint() {
    for (const { plot } of this.parts) plot.draw();
  }

  private tell<Name extends keyof Triggers>(name: Name, value: Triggers[Name]) {
    this.polling.hold();
    this.send(name, value);
  }

  private hover(i: number) {
    this.samples.hovered = i;
    this.box.dataset.hovered = String(i);
    this.paint();
  }

  private pick(i: number) {
    if (i === this.samples.pinned) return;
    this.samples.pinned = i;
    this.tell("pin", i);
    this.paint();
  }
}

export default mount(EmbeddingTrials);
