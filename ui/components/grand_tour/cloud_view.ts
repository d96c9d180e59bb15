// One network's cloud on its canvases, with its title, its handles and what is said of the sample under the pointer.

import type { Cloud } from "../base/channel";
import { clamp, find } from "../base/elements";
import type { Album } from "../points/album";
import { Cast, type Roles } from "../points/cast";
import { calm, type Entry, ease, measureRadius, type Pair, roominess } from "../points/geometry";
import { type Marked, Marks } from "../points/marks";
import { listEnclosed } from "../points/samples";
import { Tooltip } from "../points/tooltip";
import { alignLayers, identity, interpolate, type Samples, showFrame, transform } from "./core";
import { type Group, HandleLayer, locateGroups, type Spot } from "./handles";
import type { Stop } from "./layer_track";
import { Renderer, type View } from "./renderer";
import { TrustMeter } from "./trust";
import type { Zoom } from "./zoom";

const TRAVEL = 900; // milliseconds that samples take from layer to layer
const POINTER_REACH = 14; // pixels within which a sample is hit
const PICTURE_SIDES = { least: 24, at: 26, of: 1000, power: 0.2, most: 40, enlarged: 1.5 };
const PATIENT = 20_000; // milliseconds until a cloud that does not come is given up
const NOTES = {
  missing: "The samples of this layer have not arrived. Reload the page to ask for them again.",
  unlike: "The cloud of this layer is one of other samples, so it is not shown. Build the run again.",
  lost: "The graphics card has stopped drawing. It mostly comes back by itself; if not, reload the page.",
};
const TRUST =
  "Trustworthiness (Venna and Kaski 2001) says whether samples that lie side by side are neighbours in truth: " +
  "1 if all are, about 0.5 if it were chance.";

/** What lies above the samples. */
interface Above extends Omit<Marked, "neighbors"> {
  handles: boolean;
  /** The handle that is held or pointed at, or -1. */
  active: number;
  /** Whether the tooltip of the hovered sample is here. */
  told: boolean;
}

export class CloudView {
  readonly element: HTMLElement;
  readonly box: HTMLElement;
  readonly cast = new Cast();
  album: Album | null = null;
  groups: Group[] = [];
  entries: Entry[] = [];
  tooltip!: Tooltip;
  rings!: HandleLayer;
  width = 0;
  height = 0;
  /** The layer on show, and the one that was left last. */
  key: string | null = null;
  cloud: Cloud | null = null;
  left: { key: string; cloud: Cloud } | null = null;
  /** What turns the cloud onto that of another view, if it is. */
  pre!: Float64Array;
  travelled = 1;
  /** The last drawing: its matrix's columns that are seen, and where the cloud lay. */
  frame: Float64Array | null = null;
  view!: View;
  private renderer: Renderer | null = null;
  private marks!: Marks;
  private meter = new TrustMeter((value, about) => this.writeTrust(value, about));
  private onto: Cloud | null = null;
  private X: Samples | null = null;
  private from!: Samples;
  private middles!: [Float64Array, Float64Array];
  private began: number | null = null;
  private magnified = 1;
  private patience?: ReturnType<typeof setTimeout>;

  constructor(template: HTMLTemplateElement) {
    this.element = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
    this.box = this.find(".plot");
  }

  find(name: string) {
    return find(this.element, name);
  }

  /** Once it is on the page. */
  open() {
    const canvas = (name: string) => find<HTMLCanvasElement>(this.element, name);
    this.renderer = Renderer.open(canvas(".points"));
    this.marks = new Marks(canvas(".marks"));
    this.rings = new HandleLayer(canvas(".handles"));
    this.tooltip = new Tooltip(this.box);
    this.find(".gauge.seen").title =
      `How far this view can be trusted against the cloud in all its dimensions. ${TRUST}`;
    this.find(".gauge.kept").title = `How far the cloud can be trusted against the layer itself. ${TRUST}`;
    this.renderer?.canvas.addEventListener("webglcontextlost", () => this.say(NOTES.lost));
    this.renderer?.canvas.addEventListener("webglcontextrestored", () => this.say(""));
  }

  close() {
    clearTimeout(this.patience);
    this.meter.stop();
    this.renderer?.close();
    this.element.remove();
  }

  /** Other samples: nothing is on show until their cloud is there. */
  clear() {
    const nothing = { key: null, cloud: null, onto: null, left: null, X: null, travelled: 1, began: null, frame: null };
    Object.assign(this, nothing);
  }

  get ready() {
    return this.cloud !== null && this.renderer !== null && this.width > 0;
  }

  get n() {
    return this.X && this.cloud ? this.X.length / this.cloud.d : 0;
  }

  resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    Object.assign(this, { width, height });
    const ratio = Math.min(2, devicePixelRatio || 1);
    for (const each of [this.renderer, this.marks, this.rings]) each?.resize(width, height, ratio);
  }

  private say(text: string) {
    this.find(".note").textContent = text;
    this.find(".note").hidden = !text;
  }

  wait() {
    this.patience ??= setTimeout(() => this.say(NOTES.missing), PATIENT);
  }

  // --- layers ------------------------------------------------------------------------------------

  // To a cloud, turned onto that of the other view if there is one; from wherever the samples are now. Says
  /** whether that is another place. */
  go(key: string, cloud: Cloud, onto: Cloud | null, count: number) {
    clearTimeout(this.patience);
    this.patience = undefined;
    if (cloud === this.cloud && onto === this.onto) return false;
    if (cloud.n !== count) {
      this.clear();
      this.say(NOTES.unlike);
      return false;
    }
    this.say("");
    const { d } = cloud;
    const pre = onto && alignLayers(cloud.X, onto.X, d);
    const next = pre ? transform(cloud.X, d, pre) : cloud.X;
    const jumps = !this.X || this.cloud?.d !== d || !this.renderer || calm.matches;
    const from = jumps || !this.X ? next : this.travelled < 1 ? interpolate(this.from, this.X, this.eased) : this.X;
    if (this.cloud && cloud !== this.cloud) this.left = { key: this.key!, cloud: this.cloud };
    Object.assign(this, { key, cloud, onto, pre: pre ?? identity(d), from, X: next });
    [this.travelled, this.began] = jumps ? [1, null] : [0, performance.now()];
    this.renderer?.setLayers(from, next, d);
    this.locate();
    return true;
  }

  get eased() {
    return ease(this.travelled);
  }

  /** One frame; says whether another is needed. */
  advance(now: number) {
    if (this.began === null) return false;
    this.travelled = clamp(0, (now - this.began) / TRAVEL, 1);
    if (this.travelled < 1) return true;
    Object.assign(this, { began: null, from: this.X });
    return false;
  }

  // --- looks -------------------------------------------------------------------------------------

  /** Colours by group, and who plays which part. */
  look(entries: Entry[], parts: Roles) {
    this.entries = entries;
    this.cast.assign(parts);
    if (!this.X || !this.renderer) return;
    this.renderer.setPalette(entries);
    this.renderer.setLooks(parts.groups, this.cast.part, this.cast.order);
  }

  show(groups: Group[]) {
    this.groups = groups;
    this.locate();
  }

  /** The middles of all groups at both ends of the way. */
  private locate() {
    if (!this.X || !this.cloud) return;
    const { d } = this.cloud;
    this.middles = [locateGroups(this.from, d, this.groups), locateGroups(this.X, d, this.groups)];
  }

  setAlbum(album: Album | null) {
    if (album && album !== this.album) this.renderer?.setPictures(album);
    this.album = album;
  }

  entry(i: number) {
    return this.entries[this.cast.groups[i]];
  }

  get radius() {
    return measureRadius(this.n, this.width, this.height, this.magnified);
  }

  /** Of pictures; null while there are points. */
  get size() {
    if (!this.album) return null;
    const { least, at, of, power, most, enlarged } = PICTURE_SIDES;
    const room = roominess(this.width, this.height) ** 0.5;
    const side = clamp(least, at * (of / this.n) ** power * room, most) * this.magnified ** 0.5;
    return Math.round(Math.min(side, enlarged * this.album.side));
  }

  get girth() {
    return (this.size ?? 2 * this.radius) * 0.7;
  }

  // --- drawing -----------------------------------------------------------------------------------

  /** Through a matrix (d, d) and the zoom that all views share. */
  draw(matrix: Float64Array, zoom: Zoom) {
    if (!this.cloud) return;
    const [travelled, view, frame] = [this.eased, zoom.view(this.width, this.height), showFrame(matrix, this.cloud.d)];
    Object.assign(this, { view, frame, magnified: zoom.pose.k });
    this.renderer?.draw({ frame, travelled, view, radius: this.radius, picture: this.size ?? 0 });
  }

  /** Above the samples: handles unless they are hidden, and what is pinned, hovered and drawn. */
  mark({ handles, active, told, ...marked }: Above) {
    if (!this.frame) return;
    this.marks.draw(this, { neighbors: [], ...marked });
    this.rings.draw(handles ? this.spots : [], active);
    if (told) this.tooltip.move(this.place(marked.hovered), this.girth);
  }

  /** Handles where they are seen. */
  get spots(): Spot[] {
    return this.groups.map(({ name, color }, g) => {
      const [a, b] = project(this.middle(g), this.frame!);
      return { name, color, x: this.view.x + this.view.s * a, y: this.view.y - this.view.s * b };
    });
  }

  /** Of a group, in all dimensions, before the tour turns it. */
  middle(g: number) {
    const { d } = this.cloud!;
    const [from, to] = this.middles.map((each) => each.slice(g * d, g * d + d));
    return interpolate(from, to, this.eased);
  }

  place(i: number): Pair {
    const { places } = this.renderer!;
    return [places[2 * i], places[2 * i + 1]];
  }

  /** From the screen to units of the cloud. */
  unproject(px: number, py: number): [number, number] {
    return [(px - this.view.x) / this.view.s, (this.view.y - py) / this.view.s];
  }

  hit(px: number, py: number) {
    return this.ready && this.frame ? this.renderer!.pick(px, py, POINTER_REACH) : -1;
  }

  /** What a line goes round, rising. */
  within(line: number[]) {
    return listEnclosed(line, this.cast.free.subarray(0, this.n), (i) => this.place(i));
  }

  // --- figures -----------------------------------------------------------------------------------

  entitle({ name, stops }: { name: string; stops: Stop[] }, key: string) {
    const stop = stops.find((each) => each.key === key);
    this.find(".run").textContent = name;
    this.find(".layer").textContent = stop?.label ?? key;
    this.find(".gauge.kept").hidden = stop?.kept == null;
    this.find(".gauge.kept b").textContent = stop?.kept?.toFixed(2) ?? "";
  }

  private writeTrust(value: number, about: boolean) {
    this.find(".gauge.seen").hidden = !Number.isFinite(value);
    this.find(".gauge.seen b").textContent = `${about ? "about " : ""}${value.toFixed(2)}`;
  }

  /** While it moves, now and then; at rest, exactly. */
  gauge(now: number, moves: boolean) {
    const { X, cloud, renderer } = this;
    if (this.travelled < 1 || !X || !cloud || !renderer) return;
    const take = () => ({ X, d: cloud.d, seen: renderer.places });
    if (moves) this.meter.glance(now, take);
    else this.meter.settle(take);
  }
}

/** A place (d) through the two columns of a matrix that are seen. */
export function project(place: Float64Array, frame: Float64Array) {
  return [0, 1].map((column) => place.reduce((sum, x, k) => sum + x * frame[2 * k + column], 0));
}
