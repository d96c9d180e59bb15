// The layers of a network in a row, the input on the left: blocks in the colours of their kinds, the kNN
// accuracy as a line above them, and a marker that slides along with the samples.
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { walk } from "../base/walk";

/** A layer of a network; `accuracy` from 0 to 1. */
export interface Stop {
  key: string;
  kind: string;
  label: string;
  accuracy: number | null;
  /** Trustworthiness of the embedding against the layer itself. */
  kept: number | null;
  repeated: Repetition | null;
}

/** What another seed makes of an embedding: see `layerscope.embedding.repetition`. */
export interface Repetition {
  similarity: number;
  movement: number;
  movement_high: number;
  neighbors: number;
}

/** The samples have `travelled` from 0 to 1 of the way between two layers. */
interface Place {
  from: string | null;
  to: string;
  travelled: number;
  /** Keys of the layers whose samples are at hand. */
  there: { has(key: string): boolean };
}

export class LayerTrack {
  private name: HTMLElement;
  private now: HTMLElement;
  private list: HTMLElement;
  private line: SVGElement;
  private marker: HTMLElement;
  private tip: HTMLElement;
  private text = "";
  private stops: Stop[] = [];
  private options: HTMLElement[] = [];
  private index = new Map<string, number>();
  private marked: number | null = null;
  private slide = "";
  private neighbors = 0;
  private expected = 0; // share of them that two layouts have in common by chance

  // `travel` is told which layer the visitor wants to see.
  constructor(
    readonly element: HTMLElement,
    private acts: { travel(key: string): void },
  ) {
    element.classList.add("layer-track");
    element.innerHTML = `
      <div class="track-head"><b class="track-name"></b><span class="track-now"></span></div>
      <div class="track-stops" role="listbox" aria-orientation="horizontal"></div>
      <svg class="track-accuracy" preserveAspectRatio="none" aria-hidden="true"><path/></svg>
      <i class="track-marker" aria-hidden="true" hidden></i>
      <div class="track-tip" aria-hidden="true" hidden></div>`;
    const part = (name: string) => find(element, `.track-${name}`);
    [this.name, this.now, this.list] = ["name", "now", "stops"].map(part);
    [this.marker, this.tip] = ["marker", "tip"].map(part);
    this.line = find(element, ".track-accuracy");
    this.listen();
  }

  private listen() {
    const { list } = this;
    const under = ({ target }: Event) => this.options.indexOf((target as Element).closest<HTMLElement>(".track-stop")!);
    list.onpointermove = (event) => event.pointerType !== "touch" && this.point(under(event));
    list.onpointerleave = () => this.point(-1);
    list.onclick = (event) => this.go(under(event));
    list.onkeydown = (event) => this.press(event);
    list.addEventListener("focusin", (event) => {
      this.stand(under(event));
      if ((event.target as Element).matches(":focus-visible")) this.point(under(event));
    });
    list.addEventListener("focusout", () => this.point(-1));
  }

  /** `neighbors`: how many of `count` samples repetition was measured by. */
  show({ name, stops }: { name: string; stops: Stop[] }, neighbors: number, count: number) {
    this.neighbors = neighbors;
    this.expected = neighbors / Math.max(1, count - 1);
    this.name.textContent = name;
    this.list.setAttribute("aria-label", `Layers of ${name}`);
    const text = JSON.stringify(stops);
    if (text === this.text) return;
    Object.assign(this, { text, stops, marked: null });
    this.index = new Map(stops.map(({ key }, i) => [key, i]));
    this.element.style.setProperty("--count", String(stops.length));
    this.options = stops.map((stop) => this.build(stop));
    this.list.replaceChildren(...this.options);
    this.stand(0);
    this.point(-1);
    this.marker.hidden = true;
    this.now.replaceChildren();
    this.line.setAttribute("viewBox", `0 0 ${Math.max(1, stops.length)} 1`);
    find(this.line, "path").setAttribute("d", traceAccuracy(stops));
    this.element.classList.toggle(
      "measured",
      stops.some(({ accuracy }) => accuracy !== null),
    );
  }

  private build(stop: Stop) {
    const option = make("div", "track-stop");
    option.dataset.kind = stop.kind;
    option.dataset.key = stop.key;
    const about = { role: "option", "aria-selected": "false", "aria-label": describeStop(stop).join(", ") };
    for (const [name, value] of Object.entries(about)) option.setAttribute(name, value);
    return option;
  }

  /** May be called every frame: what has not changed is left alone. */
  mark({ from, to, travelled, there }: Place) {
    this.stops.forEach(({ key }, i) => {
      const { classList } = this.options[i];
      if (classList.contains("away") === there.has(key)) classList.toggle("away");
    });
    const [start, goal] = [from, to].map((key) => this.index.get(key ?? "") ?? -1);
    this.marker.hidden = goal < 0;
    const place = start < 0 ? goal : start + (goal - start) * travelled;
    const slide = `translateX(${(100 * place).toFixed(1)}%)`; // of its own width, which is that of a stop
    if (slide !== this.slide) this.marker.style.transform = this.slide = slide;
    if (goal === this.marked) return;
    this.marked = goal;
    this.options.forEach((option, i) => option.setAttribute("aria-selected", String(i === goal)));
    this.stand(Math.max(0, goal));
    this.write(this.now, this.stops[goal]);
  }

  /** What is said of a layer, in its parts. */
  private write(element: HTMLElement, stop?: Stop) {
    const [label = "", ...facts] = stop ? describeStop(stop) : [];
    element.replaceChildren(make("b", "track-label", label), ...facts.map((fact) => make("span", "", fact)));
    if (stop?.accuracy != null) (element.lastElementChild as HTMLElement).title = ACCURACY;
    if (stop?.repeated) element.append(this.tellRepetition(stop.repeated));
    if (stop && stop.key !== stop.label) element.children[1].className = "track-key";
  }

  private tellRepetition({ neighbors, similarity }: Repetition) {
    const text = `two seeds agree on ${Math.round(100 * neighbors)} %`;
    const told = make("span", "", text);
    told.title =
      `Of ${this.neighbors} nearest neighbours ${text}, by chance on ${Math.round(100 * this.expected)} %: ` +
      "UMAP of all layers, made again with another seed. " +
      `The two clouds of this layer are ${similarity.toFixed(2)} alike in the nuclear norm.`;
    return told;
  }

  private point(i: number) {
    for (const option of this.list.querySelectorAll(".pointed")) option.classList.remove("pointed");
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.options[i].classList.add("pointed");
    this.write(this.tip, this.stops[i]);
    // Above its block, inside the track and beside the name.
    const middle = ((i + 0.5) / this.stops.length) * this.list.clientWidth;
    const [length, last] = [this.tip.offsetWidth, this.list.clientWidth - this.tip.offsetWidth];
    const left = clamp(Math.min(this.name.offsetWidth + 8, last), middle - length / 2, last);
    this.tip.style.transform = `translateX(${Math.round(left)}px)`;
  }

  private go(i: number) {
    if (i < 0) return;
    this.stand(i);
    this.acts.travel(this.stops[i].key);
  }

  /** One stop for the tab key: the layer on show, until the arrows have walked. */
  private stand(i: number) {
    this.options.forEach((option, at) => (option.tabIndex = at === i ? 0 : -1));
  }

  private press(event: KeyboardEvent) {
    walk(event, this.options); // elsewhere the arrows change the layer at once
    if (event.key !== "Enter" || isShortcut(event)) return;
    this.go(this.options.indexOf(event.target as HTMLElement));
    event.preventDefault();
    event.stopPropagation();
  }
}

const ACCURACY =
  "How often the class of most of a sample's nearest neighbours in this layer is its own. " +
  "The line above the blocks shows it for every layer, from 0 at the foot to 1 at the top.";

function describeStop({ key, label, kind, accuracy }: Stop) {
  const measured = accuracy === null ? [] : [`kNN accuracy ${accuracy.toFixed(2)}`];
  return [label, ...(key === label ? [] : [key]), kind, ...measured];
}

/** Through the middles of the stops, each one wide; 0 at the foot, 1 at the top. Broken where nothing was measured. */
export function traceAccuracy(stops: Pick<Stop, "accuracy">[]) {
  const pen = (i: number) => ((stops[i - 1]?.accuracy ?? null) === null ? "M" : "L");
  return stops
    .map(({ accuracy }, i) => (accuracy === null ? "" : `${pen(i)}${i + 0.5} ${(1 - accuracy).toFixed(4)}h0`))
    .join("");
}
