// A Grand Tour of one or two networks: what the page says, and what the visitor chooses.
import { hear } from "../base/channel";
import { Choice } from "../base/choice";
import { mount, type Send, type Table } from "../base/component";
import { find, make } from "../base/elements";
import { isShortcut, isWriting } from "../base/keys";
import { Choices, NOTHING_CHOSEN, type PlotChoices } from "../points/choices";
import { calm } from "../points/geometry";
import { actOf, listZoomKeys } from "../points/gestures";
import { decodePredictions, decodeSamples, type Predictions, type SampleData, type Samples } from "../points/samples";
import { Tools } from "../points/tools";
import type { Pose } from "../points/viewpoint";
import { CloudView } from "./cloud_view";
import { Course, type Moment } from "./course";
import { saveTour } from "./export";
import type { Handle } from "./handles";
import { Journey } from "./journey";
import { LayerTrack, type Stop } from "./layer_track";
import { Looks } from "./looks";
import { Loop } from "./loop";
import { Pointing } from "./pointing";
import { Timeline, type TimelineActs } from "./timeline";
import { Zoom } from "./zoom";
import "../points/points.css";
import "./grand_tour.css";
import "./track.css";
import "./timeline.css";

/** What is known of a network's layers and of its predictions. */
export interface Network {
  family: string;
  name: string;
  stops: Stop[];
  /** Key of the one that is shown. */
  layer: string;
  /** Names of the classes that were predicted. */
  outputs: string[];
}

interface TourChoices extends PlotChoices {
  handles: Handle[];
  aligned: boolean;
}

interface Data extends SampleData, TourChoices {
  scene: Table;
  networks: Network[];
  /** Colours for how far samples moved, where they have those. */
  movement: string[] | null;
  moment: Moment;
  /** How many nearest ones repetition was measured by. */
  neighbors: number;
}

interface Triggers extends TourChoices {
  layer: { network: number; key: string };
  moment: Moment;
}

const STRIDE = 10; // steps that a key goes on or back
const REST = 300; // milliseconds without a gesture until the page hears of the moment
const WALKING = [" ", "ArrowLeft", "ArrowRight", "Home", "End", "Escape"]; // keys that other controls use as well

export class GrandTour {
  data!: Data;
  samples!: Samples;
  predictions: Predictions[] = [];
  count = 0;
  views: CloudView[] = [];
  tracks: LayerTrack[] = [];
  speed = 1;
  playing = false;
  /** Whether a handle is held, and whether handles are shown. */
  held = false;
  handled = true;
  readonly element: HTMLElement;
  readonly box: HTMLElement;
  readonly choices: Choices<TourChoices>;
  readonly course = new Course();
  readonly zoom = new Zoom();
  readonly loop = new Loop(this);
  readonly journey = new Journey(this);
  readonly looks: Looks;
  readonly pointing = new Pointing(this);
  readonly tools: Tools;
  readonly timeline: Timeline;
  private moment = new Choice<Moment | null>(null, () => {});
  private resting?: ReturnType<typeof setTimeout>;
  private observer = new ResizeObserver(() => this.resize());
  private ends: (() => void)[] = [];

  constructor(
    private root: ShadowRoot,
    readonly send: Send<Triggers>,
  ) {
    this.element = this.find(".grand-tour");
    this.box = this.find(".views");
    Object.assign(this.element, { tour: this }); // for tests
    const start: TourChoices = { ...NOTHING_CHOSEN, handles: [], aligned: true };
    this.choices = new Choices(start, send as Send<TourChoices>, () => this.looks.recast());
    this.looks = new Looks(this);
    const { pointing, choices } = this;
    const acts = { group: () => pointing.group(), clear: () => choices.make("lassoed", []) };
    const zooming = { zoomBy: (factor: number) => this.zoomBy(factor), fit: () => this.fit() };
    this.tools = new Tools(this.box, { ...zooming, ...acts }, "Tools of the views", "Show all samples again");
    this.timeline = new Timeline(this.find(".timeline"), this.listActs());
    this.listen();
  }

  find(name: string) {
    return find(this.root, name);
  }

  stop() {
    for (const end of this.ends) end();
    for (const each of [this.choices, this.moment, this.journey, this.loop]) each.stop();
    this.observer.disconnect();
    clearTimeout(this.resting);
    for (const view of this.views) view.close();
    this.looks.drop();
  }

  private listActs(): TimelineActs {
    return {
      toggle: () => this.toggle(),
      step: (direction) => this.step(direction),
      speed: (value) => {
        this.speed = value;
        this.loop.ask();
      },
      scrub: (step) => this.scrub(step),
      scrubbed: () => this.rest(),
      reseed: () => this.reseed(),
      walk: () => this.journey.stroll(),
      reset: () => this.reset(),
      pictures: () => this.togglePictures(),
      handles: () => this.toggleHandles(),
      align: () => this.align(),
      save: (kind) => saveTour(this, kind),
    };
  }

  private listen() {
    const { element } = this;
    const greet = () => (this.find(".hint").hidden = true);
    for (const gesture of ["pointerdown", "keydown", "wheel"])
      element.addEventListener(gesture, greet, { passive: true });
    element.onpointerleave = () => this.playing && this.rest();
    const press = (event: KeyboardEvent) => this.press(event);
    addEventListener("keydown", press);
    this.ends = [
      () => removeEventListener("keydown", press),
      hear("clouds", () => this.journey.settle()),
      hear("thumbnails", () => this.looks.fetchPictures()),
      hear("sample", ({ family, uid }) => family === this.data?.family && this.pointing.hear(uid ?? -1)),
    ];
    this.observer.observe(this.box);
  }

  /** What the keys do, wherever on the page the focus is: they are heard once, at the window. */
  private readonly keys: Record<string, () => void> = {
    " ": () => this.toggle(),
    ",": () => this.step(-1),
    ".": () => this.step(1),
    ArrowLeft: () => this.journey.step(-1),
    ArrowRight: () => this.journey.step(1),
    Home: () => this.journey.step(-Infinity),
    End: () => this.journey.step(Infinity),
    i: () => this.togglePictures(),
    h: () => this.toggleHandles(),
    l: () => this.tools.toggleLasso(),
    d: () => this.pointing.group(),
    x: () => this.pointing.ungroup(),
    ...listZoomKeys(this),
    Escape: () => this.escape(),
  };

  private press(event: KeyboardEvent) {
    const [target] = event.composedPath();
    if (event.defaultPrevented || isShortcut(event) || isWriting(target)) return;
    const ours = target === document.body || event.composedPath().includes(this.element);
    if (!ours && WALKING.includes(event.key)) return;
    if (event.key === " " && target instanceof Element && target.closest("button")) return; // it is pressed with that
    const act = actOf(this.keys, event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data: Data) {
    const another = this.data?.family !== data.family;
    this.data = data;
    this.samples = decodeSamples(data.scene);
    this.predictions = data.networks.map((_, k) => decodePredictions(data.scene, k));
    this.count = this.samples.labels.length;
    this.arrange(data.networks.length);
    this.choices.confirm(data, another);
    if (another) {
      this.looks.drop();
      this.pointing.forget();
    }
    this.journey.show(data.networks, another);
    this.take(data.moment);
    this.tracks.forEach((track, k) => track.show(data.networks[k], data.neighbors, this.count));
    this.box.setAttribute("aria-label", `Grand Tour of ${this.count} samples`);
    this.looks.show();
    this.journey.settle();
  }

  /** As many views as there are networks. */
  private arrange(count: number) {
    this.element.classList.toggle("pair", count > 1);
    for (const view of this.views.splice(count)) view.close();
    for (const track of this.tracks.splice(count)) track.element.remove();
    while (this.views.length < count) {
      const k = this.views.length;
      const view = new CloudView(find<HTMLTemplateElement>(this.root, "template"));
      this.box.append(view.element);
      view.open();
      this.views.push(view);
      this.pointing.follow(view);
      const place = make("div", "track");
      this.find(".tracks").append(place);
      place.onclick = () => this.box.focus({ preventScroll: true }); // arrows go on from layer to layer
      this.tracks.push(new LayerTrack(place, { travel: (key) => this.journey.travel(k, key) }));
    }
    for (const view of this.views) view.resize();
  }

  /** Where the tour begins, and whatever the page says that it has not heard from here. */
  private take(moment: Moment) {
    const before = this.moment.value;
    this.moment.confirm(moment, before === null);
    const { value } = this.moment;
    if (!value || (before && JSON.stringify(value) === JSON.stringify(before))) return;
    this.course.begin(value);
    this.zoom.read(value.zoom);
    this.playing = value.step === 0 && !calm.matches;
  }

  // --- what the visitor chooses ------------------------------------------------------------------

  private togglePictures() {
    this.choices.make("pictures", !this.choices.get("pictures"));
    this.looks.fetchPictures();
  }

  toggleHandles() {
    this.handled = !this.handled;
    this.pointing.grasp(null);
    this.loop.ask();
  }

  private align() {
    if (this.views.length < 2) return;
    this.choices.make("aligned", !this.choices.get("aligned"));
    this.journey.settle();
  }

  private escape() {
    const { pointing, choices, tools } = this;
    if (pointing.lasso.line.length) pointing.lasso.drop();
    else if (this.journey.walk) this.journey.halt();
    else if (choices.get("lassoed").length) choices.make("lassoed", []);
    else if (choices.get("pinned") >= 0) choices.make("pinned", -1);
    else if (tools.lassoes) tools.toggleLasso();
  }

  /** The network whose layers the keys change. */
  use(view: CloudView) {
    this.journey.current = this.views.indexOf(view);
  }

  /** Samples are on their way to another layer. */
  arrive() {
    this.loop.setOut = true;
    this.looks.recast();
  }

  private resize() {
    for (const view of this.views) view.resize();
    if (this.data) this.loop.redraw(performance.now()); // a canvas is empty when its size has changed
  }

  // --- time --------------------------------------------------------------------------------------

  private toggle() {
    this.playing = !this.playing;
    if (!this.playing) this.scrub(Math.round(this.course.step)); // as an address will say it
    this.rest();
    this.loop.invalidate();
  }

  private step(direction: -1 | 1) {
    this.scrub(Math.round(this.course.step) + STRIDE * direction);
    this.rest();
  }

  private scrub(step: number) {
    this.playing = false;
    this.course.go(step);
    this.loop.invalidate();
  }

  /** While a handle is held the tour waits. */
  hold(held: boolean) {
    this.held = held;
    this.loop.invalidate();
  }

  private reseed() {
    this.course.reseed(crypto.getRandomValues(new Uint32Array(1))[0]);
    this.rest();
    this.loop.invalidate();
  }

  private reset() {
    this.course.reset();
    this.fit();
  }

  /** The page hears of the moment once nothing has happened for a while. */
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const moment = { ...this.course.texts, zoom: this.zoom.text };
      if (JSON.stringify(moment) === JSON.stringify(this.moment.value)) return;
      this.moment.make(moment);
      this.send("moment", moment);
    }, REST);
  }

  // --- zoom --------------------------------------------------------------------------------------

  pan(view: CloudView, dx: number, dy: number) {
    const { k, x, y } = this.zoom.pose;
    this.zoom.set({ k, x: x - dx / view.view.s, y: y + dy / view.view.s });
    this.loop.invalidate();
  }

  zoomBy(factor: number) {
    this.glide(this.zoom.magnify(factor));
  }

  fit() {
    this.glide({ k: 1, x: 0, y: 0 });
  }

  private glide(pose: Pose) {
    this.zoom.glide(pose);
    this.rest();
    this.loop.invalidate();
  }
}

export default mount(GrandTour);
