// Which layer each network shows: chosen on a track or with a key, told by the page, or walked to. And how far samples
// moved on the way.
import { type Cloud, latest } from "../base/channel";
import { Choice } from "../base/choice";
import { clamp } from "../base/elements";
import type { Coloring, Entry } from "../points/geometry";
import { alignLayers, transform } from "./core";
import type { GrandTour, Network } from "./grand_tour";
import type { Repetition } from "./layer_track";

const STILL = "#5c6672"; // of samples that moved no farther than by repetition
const PAUSE = 1300; // milliseconds at each layer of a walk
const TOP_SHARE = 0.98; // of the samples lies within the scale: a few that moved far would use up its colours

export class Journey {
  /** The network whose layers the keys change. */
  current = 0;
  walk: { k: number; timer: ReturnType<typeof setInterval> } | null = null;
  private networks: Network[] = [];
  private layers: Choice<string>[] = [];
  private untold = new Set<number>();
  private asked = -1;
  private made: unknown[] = [];
  private graded?: Coloring & { groups: Int32Array[] };

  constructor(private tour: GrandTour) {}

  /** `another`: of other samples than before. */
  show(networks: Network[], another: boolean) {
    networks.forEach((network, k) => {
      const known = this.networks[k];
      const replaced = another || known?.family !== network.family;
      this.layers[k] ??= new Choice(network.layer, () => this.settle());
      this.layers[k].confirm(network.layer, replaced);
      if (replaced) this.tour.views[k].clear();
      if (replaced) this.forget(k);
    });
    for (const layer of this.layers.splice(networks.length)) {
      layer.stop();
      this.forget(this.layers.length);
    }
    this.networks = networks;
    if (this.asked >= 0 && !this.layers[this.asked]?.pending) this.tellNext();
    this.current = Math.min(this.current, networks.length - 1);
  }

  /** Nothing of what was meant for a network that is gone. */
  private forget(k: number) {
    this.untold.delete(k);
    if (this.walk?.k !== k) return;
    clearInterval(this.walk.timer);
    this.walk = null;
  }

  private clouds(k: number): Map<string, Cloud> {
    return latest("clouds")?.get(this.networks[k].family) ?? new Map();
  }

  /** Every view sets out for its layer, as soon as its samples are at hand, and those that it is turned onto. */
  settle() {
    const { views, choices, count } = this.tour;
    const found = this.networks.map((_, k) => this.clouds(k).get(this.layers[k].value));
    const [first] = found;
    const moved = views.map((view, k) => {
      const turned = k > 0 && choices.get("aligned");
      if (!found[k] || (turned && !first)) return view.wait();
      view.entitle(this.networks[k], this.layers[k].value);
      return view.go(this.layers[k].value, found[k], turned && first?.d === found[k].d ? first : null, count);
    });
    if (moved.includes(true)) this.tour.arrive();
    else if (this.tour.data.movement) this.tour.looks.recast(); // the layer before may have come meanwhile
  }

  travel(k: number, key: string) {
    if (!this.networks[k].stops.some((stop) => stop.key === key)) return;
    this.halt();
    this.current = k;
    if (this.layers[k].value === key) return;
    this.choose(k, key);
    this.tell(k);
  }

  private choose(k: number, key: string) {
    this.layers[k].make(key); // shown at once; the page follows
    this.settle();
  }

  /** One after the other: of two that follow too soon the server hears only the later one. */
  private tell(k: number) {
    this.untold.add(k);
    if (this.asked < 0 || this.asked === k || !this.layers[this.asked]?.pending) this.tellNext();
  }

  private tellNext() {
    const [k = -1] = this.untold;
    this.asked = k;
    this.untold.delete(k);
    if (k >= 0) this.tour.send("layer", { network: k, key: this.layers[k].value });
  }

  /** The layer so many places on, or back. */
  step(stride: number) {
    const { current: k } = this;
    const keys = this.networks[k].stops.map(({ key }) => key);
    this.travel(k, keys[clamp(0, keys.indexOf(this.layers[k].value) + stride, keys.length - 1)]);
  }

  /** From the layer on show to the output, or from the input if it is the output. The page hears of the last stop. */
  stroll() {
    if (this.walk) return this.halt();
    const { current: k } = this;
    const keys = this.networks[k].stops.map(({ key }) => key);
    let at = keys.indexOf(this.layers[k].value);
    if (at === keys.length - 1) at = -1;
    const next = () => {
      at++;
      this.choose(k, keys[at]);
      if (at === keys.length - 1) this.halt();
    };
    this.walk = { k, timer: setInterval(next, PAUSE) };
    next();
  }

  halt() {
    if (!this.walk) return;
    const { k, timer } = this.walk;
    clearInterval(timer);
    this.walk = null;
    this.tell(k);
    this.tour.loop.invalidate();
  }

  /** How far samples have moved, for all views, and from where. */
  grade(colors: string[]) {
    const { views, count } = this.tour;
    const origins = views.map((view, k) => view.left ?? this.before(k));
    const made = [...views.flatMap(({ cloud }, k) => [cloud, origins[k]?.cloud]), colors.join()];
    if (this.graded && made.length === this.made.length && made.every((each, i) => each === this.made[i]))
      return this.graded;
    this.made = made;
    const moves = views.map(({ cloud }, k) => {
      const from = origins[k]?.cloud;
      const alike = cloud && from && from.n === cloud.n && from.d === cloud.d;
      return alike ? measureMovement(from.X, cloud.X, cloud.d) : new Float32Array(count);
    });
    const stopOf = (k: number, key?: string | null) => this.networks[k].stops.find((stop) => stop.key === key);
    const left = origins.map((origin, k) => stopOf(k, origin?.key));
    const again = left.map((stop, k) => expectMovement(stop?.repeated, stopOf(k, views[k].key)?.repeated));
    const from = [...new Set(left.flatMap((stop) => stop?.label ?? []))].join(" and ");
    const title = from ? `Moved from ${from}` : "Moved: go to another layer";
    const note = moves.flatMap((each, k) => (left[k] ? tellMovement(each, again[k]) : [])).join("; ");
    const limits = again.map((each) => each?.high ?? null);
    return (this.graded = { ...gradeMovement(moves, colors, limits), title, note });
  }

  /** The layer before the one on show, where no other has been left yet. */
  private before(k: number) {
    const { stops } = this.networks[k];
    const stop = stops[stops.findIndex(({ key }) => key === this.tour.views[k].key) - 1];
    const cloud = stop && this.clouds(k).get(stop.key);
    return cloud ? { key: stop.key, cloud } : null;
  }

  /** For the marker on a track. */
  place(k: number) {
    const { key, left, eased } = this.tour.views[k];
    const to = key ?? this.layers[k].value;
    return { from: left?.key ?? to, to, travelled: eased, there: this.clouds(k) };
  }

  stop() {
    clearInterval(this.walk?.timer);
    for (const layer of this.layers) layer.stop();
  }
}

// Distances (n) between the places of samples in two clouds (n, d), the first turned onto the second: what only
/** turns has not moved. Both have a mean squared distance of 1 from their centre. */
export function measureMovement(before: Float32Array, after: Float32Array, d: number) {
  const turned = transform(before, d, alignLayers(before, after, d));
  return Float32Array.from({ length: after.length / d }, (_, i) => {
    let sum = 0;
    for (let k = i * d; k < i * d + d; k++) sum += (after[k] - turned[k]) ** 2;
    return Math.sqrt(sum);
  });
}

/** Movement that is expected between two layers if they were the same, each embedded once: of squares, the mean. */
export function expectMovement(one?: Repetition | null, other?: Repetition | null) {
  if (!one || !other) return null;
  const join = (a: number, b: number) => Math.sqrt((a * a + b * b) / 2);
  return { mean: join(one.movement, other.movement), high: join(one.movement_high, other.movement_high) };
}

function tellMovement(moves: Float32Array, again: { mean: number } | null) {
  const mean = moves.reduce((sum, each) => sum + each, 0) / Math.max(1, moves.length);
  if (!again) return `mean ${mean.toFixed(2)}`;
  const by = again.mean.toFixed(2);
  return `mean ${mean.toFixed(2)}, ${mean <= again.mean ? "not more than repetition" : "repetition"} ${by}`;
}

// The steps of one scale for the samples of all views, for distances [(n)]. Samples that moved no farther than 95 % do
/** by repetition, up to the limit of their view, are in a last group of their own, where one is known. */
export function gradeMovement(moves: Float32Array[], colors: string[], limits: (number | null)[] = []) {
  const unknown = moves.some((_, k) => limits[k] != null);
  const moved = moves.flatMap((each, k) => [...each].filter((x) => x > (limits[k] ?? -1)));
  const sorted = Float32Array.from(moved).sort();
  const last = sorted.length - 1;
  const [low, high] = last < 0 ? [0, 0] : [sorted[0], sorted[Math.ceil(TOP_SHARE * last)]];
  const edge = (step: number) => low + ((high - low) * step) / colors.length;
  const grade = (x: number) => clamp(0, Math.floor(((x - low) / (high - low || 1)) * colors.length), colors.length - 1);
  const entries = colors.map((color, step): Entry => {
    const name = `${edge(step).toFixed(2)} to ${edge(step + 1).toFixed(2)}`;
    return { name, color, shape: "circle" };
  });
  if (unknown) entries.push({ name: "not more than repetition", color: STILL, shape: "circle" });
  const ends = last < 0 ? ["–", "–"] : [low.toFixed(2), `${sorted[last] > high ? "≥ " : ""}${high.toFixed(2)}`];
  return {
    groups: moves.map((each, k) => Int32Array.from(each, (x) => (x > (limits[k] ?? -1) ? grade(x) : colors.length))),
    entries,
    ends: ends as [string, string],
    unknown,
  };
}
