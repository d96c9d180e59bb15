// The film: frames come in while it plays; between two of them points move straight.
import { hear, remember } from "../base/channel";
import { decode, mount, type Send, type Table } from "../base/component";
import { clamp, find } from "../base/elements";
import { isShortcut, isWriting } from "../base/keys";
import { calm } from "../points/geometry";
import { type Figure, fillFigures, writeDecimals, writeSpread } from "./figures";
import { LayoutPlot, LinkedSamples, type SamplesData } from "./layout_plot";
import { ProgressPoll } from "./progress_poll";
import { type Film, Timeline } from "./timeline";
import { TriedStrip, type TriedTile } from "./tried";
import "../points/points.css";
import "./layout_plot.css";
import "./embedding_film.css";

const RATE = 14; // frames a second
const SPEEDS = [
  { factor: 1, text: "1×" },
  { factor: 2, text: "2×" },
  { factor: 0.5, text: "½×" },
];
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

interface Captions {
  plane: [title: string, details: string];
  film: [title: string, details: string];
  figures: Figure[];
  note: string;
  share: number;
  action: string;
  ladder: string;
}

interface Data extends SamplesData {
  reel: Table;
  film: Film;
  tried: Table;
  tiles: TriedTile[];
  captions: Captions;
  waits: boolean;
}

type Triggers = { pin: number; choose: string; run: string; ladder: true; tick: string };

// A film that was seen is not played again when one comes back to it.
const seen = remember("films that were seen", new Set<string>());

class EmbeddingFilm {
  private samples = new LinkedSamples();
  private polling: ProgressPoll;
  private box: HTMLElement;
  private plane: LayoutPlot;
  private moving: LayoutPlot;
  private timeline: Timeline;
  private strip: TriedStrip;
  private ends: (() => void)[];
  private data!: Data;
  private token = "";
  private frames: Int16Array[] = [];
  private at = 0;
  private speed = 0;
  private playing = false;
  private still = false;
  private request: number | null = null;

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.polling = new ProgressPoll((token) => send("tick", token));
    this.box = find(root, ".film");
    const acts = {
      hover: (i: number) => this.hover(i),
      pick: (i: number) => this.pick(i),
      release: () => this.pick(-1),
    };
    this.plane = new LayoutPlot(find(root, ".plane .plot"), this.samples, acts);
    this.moving = new LayoutPlot(find(root, ".moving .plot"), this.samples, acts);
    this.timeline = new Timeline(find(root, ".curve"), (at) => this.seek(at));
    this.strip = new TriedStrip(find(root, ".tried"), {
      choose: (id) => this.tell("choose", id),
      ladder: () => this.tell("ladder", true),
    });
    find(root, ".play").onclick = () => this.toggle();
    find(root, ".speed").onclick = () => this.changeSpeed();
    find(root, ".over .act").onclick = () => this.tell("run", this.data.captions.action);
    const press = (event: KeyboardEvent) => this.press(event);
    addEventListener("keydown", press);
    this.ends = [
      () => removeEventListener("keydown", press),
      hear("thumbnails", () => this.samples.hovered >= 0 && this.paint()),
      hear("class", ({ family, group }) => this.light(family, group)),
    ];
  }

  stop() {
    for (const end of this.ends) end();
    for (const each of [this.plane, this.moving, this.timeline, this.polling]) each.stop();
    if (this.request !== null) cancelAnimationFrame(this.request);
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data: Data) {
    const { film, captions } = (this.data = data);
    this.samples.read(data);
    const steps = decode(data.reel, "frames", "i2");
    const size = 2 * this.samples.n;
    this.frames = Array.from({ length: film.count }, (_, i) => steps.subarray(i * size, (i + 1) * size));
    if (this.token !== film.token) this.begin(film);
    this.at = Math.min(this.at, this.last);
    for (const [name, [title, details]] of [
      [".plane", captions.plane],
      [".moving", captions.film],
    ] as const) {
      find(this.root, `${name} h3`).textContent = title;
      find(this.root, `${name} .cap p`).textContent = details;
    }
    fillFigures(find(this.root, ".plane .figures"), captions.figures);
    this.plane.show(film.hasPlane ? decode(data.reel, "plane", "i2") : null);
    this.timeline.show(film);
    this.strip.show(data.tiles, decode(data.tried, "points", "i2"), this.samples, captions.ladder);
    this.cover(captions, film);
    this.box.dataset.frames = String(film.count);
    this.box.dataset.complete = String(film.complete);
    this.paint();
    this.run();
    this.polling.follow(data.waits, film.token);
  }

  /** A film that is there as a whole and was seen stands at its end; a new one is played from its start. */
  private begin({ token, complete, count }: Film) {
    this.token = token;
    this.still = calm.matches || (complete && seen.has(token));
    this.at = this.still && complete ? count - 1 : 0;
    this.setPlaying(!this.still);
  }

  private cover({ note, share, action }: Captions, { count }: Film) {
    const over = find(this.root, ".over");
    over.hidden = count > 0 || !note;
    find(over, "p").textContent = note;
    find(over, ".gauge").hidden = share < 0;
    find(over, ".gauge i").style.width = `${100 * Math.max(0, share)}%`;
    const act = find(over, ".act");
    act.hidden = !action;
    act.textContent = action === "run" ? "Run" : "Cancel";
  }

  // --- playing -----------------------------------------------------------------------------------

  private get last() {
    return Math.max(0, this.data.film.count - 1);
  }

  private setPlaying(playing: boolean) {
    this.playing = playing;
    const button = find(this.root, ".play");
    button.classList.toggle("playing", playing);
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
    button.title = playing ? "Pause (Space)" : "Play (Space)";
    this.box.dataset.playing = String(playing);
  }

  private toggle() {
    if (!this.playing && this.data.film.complete && this.at >= this.last) this.at = 0;
    this.setPlaying(!this.playing);
    this.run();
  }

  private changeSpeed() {
    this.speed = (this.speed + 1) % SPEEDS.length;
    find(this.root, ".speed").textContent = SPEEDS[this.speed].text;
  }

  private seek(at: number) {
    this.setPlaying(false);
    this.at = clamp(0, at, this.last);
    this.paint();
  }

  private run() {
    const { complete, count } = this.data.film;
    if (this.still && complete) {
      this.at = this.last; // for those who like no motion: the end at once
      this.still = false;
      this.paint();
    }
    if (!this.playing || this.request !== null || !count) return;
    let before = performance.now();
    const step = (now: number) => {
      this.request = null;
      if (!this.playing) return;
      const seconds = Math.min(100, now - before) / 1000;
      this.at = Math.min(this.last, this.at + seconds * RATE * SPEEDS[this.speed].factor);
      before = now;
      this.paint();
      if (this.at < this.last) this.request = requestAnimationFrame(step);
      else if (this.data.film.complete) this.end();
    };
    this.request = requestAnimationFrame(step);
  }

  private end() {
    seen.add(this.token);
    this.setPlaying(false);
  }

  private paint() {
    const { film } = this.data;
    const left = Math.floor(this.at);
    const [from, to] = [this.frames[left], this.frames[left + 1]];
    const share = this.at - left;
    if (!from || !to || share === 0) this.moving.show(from ?? null);
    else this.moving.show(Float32Array.from(from, (value, i) => value + (to[i] - value) * share));
    this.plane.draw();
    this.timeline.move(this.at);
    const i = Math.min(Math.round(this.at), film.count - 1);
    this.box.dataset.iteration = i >= 0 ? String(film.iteration[i]) : "";
    fillFigures(find(this.root, ".moving .figures"), i >= 0 ? this.describeFrame(film, i) : []);
    if (i >= 0) this.timeline.say(film.iteration[i], film.kl[i]);
  }

  private describeFrame({ side, kl, accuracy, trust }: Film, i: number): Figure[] {
    return [
      ["spread", writeSpread(side[i])],
      ["KL", writeDecimals(kl[i])],
      ["kNN", accuracy.length ? writeDecimals(accuracy[i]) : "–"],
      ["trust", writeDecimals(trust[i])],
    ];
  }

  // --- what the visitor does ---------------------------------------------------------------------

  private tell<Name extends keyof Triggers>(name: Name, value: Triggers[Name]) {
    this.polling.hold();
    this.send(name, value);
  }

  /** Space and arrows belong to the film, unless something else on the page has the focus. */
  private press(event: KeyboardEvent) {
    const target = event.composedPath()[0];
    if (isShortcut(event) || isWriting(target) || !this.data) return;
    const isOurs = event.composedPath().includes(this.box);
    if (!isOurs && target !== document.body) return;
    const onButton = target instanceof Element && target.matches("button, a, [role=button], [role=radio]");
    const go = STEPS[event.key];
    if (event.key === " " && !onButton) this.toggle();
    else if (go !== undefined && !onButton) this.seek(clamp(0, Math.round(this.at) + go, this.last));
    else if (event.key === "Escape" && this.samples.pinned >= 0) this.pick(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private hover(i: number) {
    if (i === this.samples.hovered && !this.plane.isPointed && !this.moving.isPointed) return;
    this.samples.hovered = i;
    this.box.dataset.hovered = String(i);
    this.plane.draw();
    this.moving.draw();
  }

  private pick(i: number) {
    if (i === this.samples.pinned) return;
    this.samples.pinned = i;
    this.tell("pin", i);
    this.paint();
  }

  private light(family: string, group: number | null) {
    if (family !== this.samples.family) return;
    this.samples.lit = group;
    this.paint();
  }
}

export default mount(EmbeddingFilm);
