// A graph to look around in: drawn anew when groups are opened, only marked when another box is chosen.
import { Choice } from "../base/choice";
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { describe, drawBox, drawCluster, drawLink } from "./boxes";
import { type Box, collapse, type Layout, type Link, layOut, type SeenGraph } from "./layout";
import { Overview } from "./overview";
import { GraphViewport, ZOOM } from "./viewport";
import "./network_graph.css";

const FAR = 0.35; // smaller than this no text can be read: boxes are their colours

interface Data {
  name: string;
  boxes: Box[];
  links: Link[];
  kinds: [name: string, color: string][];
  chosen: string;
  /** Whether it begins at what is chosen. */
  reveals: boolean;
  opened: string[];
}

type Triggers = { pick: string; open: string[] };

class NetworkGraph {
  private find: <Found extends Element = HTMLElement>(name: string) => Found;
  private svg: SVGSVGElement;
  private chosen = new Choice<string>("", () => this.mark());
  private opened = new Choice<string[]>([], () => this.build());
  private viewport: GraphViewport;
  private overview: Overview;
  private data!: Data;
  private text = "";
  private byKey = new Map<string, Box>();
  private groups: string[] = [];
  /** Whether a new graph is not yet shown from its beginning. */
  private waits = false;
  /** The group that was opened or closed last. */
  private turned: string | null = null;
  private seen?: SeenGraph;
  private layout?: Layout;
  private observer = new ResizeObserver(() => this.resize());

  constructor(
    root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.find = (name) => find(root, name);
    this.svg = this.find("svg");
    this.viewport = new GraphViewport(this.svg, this.find(".world"), {
      moved: () => this.follow(),
      clicked: (target) => this.click(target),
    });
    this.overview = new Overview(this.find(".overview"), this.viewport);
    this.listen();
    this.observer.observe(this.svg);
  }

  stop() {
    this.observer.disconnect();
    this.chosen.stop();
    this.opened.stop();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data: Data) {
    const text = JSON.stringify([data.name, data.boxes, data.links]);
    const another = text !== this.text;
    const anew = data.name !== this.data?.name;
    Object.assign(this, { data, text });
    const before = JSON.stringify(this.opened.value);
    this.opened.confirm(data.opened, another);
    const told = this.chosen.value;
    this.chosen.confirm(data.chosen, another);
    if (another) this.showKinds();
    if (anew) this.waits = true; // it begins at the input, once there is room to lay it out
    if (another || JSON.stringify(this.opened.value) !== before) this.build();
    else if (told !== this.chosen.value) {
      this.mark();
      this.reveal();
    }
  }

  private showKinds() {
    const bars: [string, string, string][] = [
      ["P  parameters", "#c9a15f", "bar"],
      ["M  multiply-adds", "#7d8a97", "bar"],
    ];
    this.find(".kinds").replaceChildren(
      ...[...this.data.kinds, ...bars].map(([name, color, look = ""]) => {
        const item = make("li", "", name);
        const sign = make("i", look);
        sign.style.background = color;
        item.prepend(sign);
        return item;
      }),
    );
    this.byKey = new Map(this.data.boxes.map((box) => [box.key, box]));
    this.groups = this.data.boxes.filter((box) => box.is_group).map(({ key }) => key);
  }

  private build() {
    if (!this.svg.clientWidth) return;
    const kept = this.layout && !this.waits ? this.anchor() : null;
    const seen = (this.seen = collapse(this.data.boxes, this.data.links, new Set(this.opened.value)));
    const { places, points } = (this.layout = layOut(seen));
    this.viewport.size = this.layout;
    const draw = (boxes: Map<string, Box>, drawOne: typeof drawBox) =>
      [...boxes.values()].map((box) => drawOne(box, places.get(box.key)!));
    this.find(".clusters").replaceChildren(...draw(seen.clusters, drawCluster));
    this.find(".links").replaceChildren(...seen.links.map((link, i) => drawLink(link, points[i])));
    this.find(".boxes").replaceChildren(...draw(seen.boxes, drawBox));
    const all = this.groups.every((key) => this.opened.value.includes(key));
    this.find(".all").textContent = all ? "Close all" : "Open all";
    this.find(".all").hidden = !this.groups.length;
    this.svg.setAttribute("aria-label", `${this.data.name}: ${seen.boxes.size} boxes, from input to output`);
    this.mark();
    if (this.waits) this.begin();
    else if (kept) this.hold(kept);
    this.follow();
  }

  /** At the input; where the page says so, at what is chosen. */
  private begin() {
    this.waits = false;
    this.goToStart();
    if (this.data.reveals) this.reveal();
  }

  private placeOf(key: string | null) {
    return this.layout?.places.get(key ?? "");
  }

  /** What was opened or closed stays where it is on the screen. */
  private anchor() {
    const key = this.turned;
    const place = this.placeOf(key);
    if (!place) return null;
    const { s, x, y } = this.viewport.pose;
    return { key, x: x + place.x * s, y: y + (place.y - place.height / 2) * s };
  }

  private hold({ key, x, y }: { key: string | null; x: number; y: number }) {
    const place = this.placeOf(key);
    if (!place) return;
    const { s } = this.viewport.pose;
    this.viewport.set({ s, x: x - place.x * s, y: y - (place.y - place.height / 2) * s });
  }

  private resize() {
    if (!this.data) return;
    if (!this.layout) this.build();
    else this.viewport.set(this.viewport.pose);
  }

  // --- what is seen ------------------------------------------------------------------------------

  /** Keys of the boxes that are seen, in the order of execution. */
  private get order() {
    return [...(this.seen?.boxes.keys() ?? [])];
  }

  /** The box that stands for what is chosen. */
  private get current() {
    const { seen } = this;
    const key = this.chosen.value;
    if (!seen || seen.boxes.has(key)) return key;
    const shown = seen.standsFor.get(key);
    if (shown !== undefined) return shown;
    let box = this.byKey.get(key); // a group inside one that is closed
    while (box && !seen.boxes.has(box.key)) box = this.byKey.get(box.parent ?? "");
    return box?.key ?? null;
  }

  private mark() {
    const { seen, layout, current } = this;
    if (!seen || !layout) return;
    for (const box of this.find<SVGElement>(".boxes").children as HTMLCollectionOf<SVGElement>) {
      box.classList.toggle("chosen", box.dataset.key === current);
    }
    const links = this.find(".links").children;
    seen.links.forEach(({ source, target }, i) => {
      links[i].classList.toggle("near", current !== null && (source === current || target === current));
    });
    this.overview.show(seen.boxes, layout, current);
  }

  private follow() {
    this.svg.classList.toggle("far", this.viewport.pose.s < FAR);
    this.find(".scale").textContent = `${Math.round(100 * this.viewport.pose.s)} %`;
    this.overview.draw();
  }

  private reveal() {
    const place = this.placeOf(this.current);
    if (place) this.viewport.reveal(place);
  }

  // --- what the visitor does ---------------------------------------------------------------------

  private listen() {
    const act = (name: string, does: () => void) => {
      this.find(name).onclick = does;
    };
    act(".in", () => this.viewport.zoom(ZOOM.step));
    act(".out", () => this.viewport.zoom(1 / ZOOM.step));
    act(".fit", () => this.viewport.fit());
    act(".start", () => this.goToStart());
    act(".all", () => this.turnAll());
    this.svg.onkeydown = (event) => this.press(event);
    this.svg.ondblclick = (event) => {
      const target = event.target as Element;
      const key = target.closest<SVGElement>(".box.group")?.dataset.key;
      if (key && !target.closest(".toggle")) this.turn(key);
    };
  }

  private goToStart() {
    const place = this.placeOf(this.order[0]);
    if (place) this.viewport.start(place.x);
  }

  private click(target: Element) {
    const box = target.closest<SVGElement>(".box, .cluster");
    const key = box?.dataset.key;
    if (!key) return;
    if (target.closest(".toggle, .close")) this.turn(key);
    else if (box.classList.contains("box")) this.pick(key);
  }

  private pick(key: string) {
    const box = this.byKey.get(key);
    if (!box || key === this.chosen.value) return;
    this.chosen.make(key); // shown at once; the page follows
    this.send("pick", key);
    this.mark();
    this.find(".said").textContent = describe(box);
  }

  private turn(key: string) {
    const opened = this.opened.value;
    this.turned = key;
    this.setOpened(opened.includes(key) ? opened.filter((each) => each !== key) : [...opened, key]);
  }

  private turnAll() {
    const all = this.groups.every((key) => this.opened.value.includes(key));
    this.turned = this.current;
    this.setOpened(all ? [] : [...this.groups]);
  }

  private setOpened(opened: string[]) {
    this.opened.make(opened);
    this.send("open", opened);
    this.build();
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const acts: Record<string, () => void> = {
      ArrowDown: () => this.walk("source", "target"),
      ArrowUp: () => this.walk("target", "source"),
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Enter: () => this.turnCurrent(),
      " ": () => this.turnCurrent(),
      "+": () => this.viewport.zoom(ZOOM.step),
      "=": () => this.viewport.zoom(ZOOM.step),
      "-": () => this.viewport.zoom(1 / ZOOM.step),
      0: () => this.viewport.fit(),
      Home: () => {
        this.goToStart();
        this.pick(this.order[0]);
      },
      End: () => this.go(this.order.at(-1)),
    };
    if (!(event.key in acts)) return;
    acts[event.key]();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  private go(key: string | undefined) {
    if (!key) return;
    this.pick(key);
    this.reveal();
  }

  /** Along a tensor; of several, the one that leads to the nearest box. */
  private walk(from: "source" | "target", to: "source" | "target") {
    const { current, order } = this;
    if (current === null) return this.go(order[0]);
    const here = order.indexOf(current);
    const ends = (this.seen?.links ?? [])
      .filter((link) => link[from] === current)
      .map((link) => order.indexOf(link[to]));
    const [nearest] = ends.sort((a, b) => Math.abs(a - here) - Math.abs(b - here));
    this.go(order[nearest]);
  }

  /** To what stands beside it; where nothing does, to the other end of a tensor that skips. */
  private step(side: number) {
    const place = this.placeOf(this.current);
    if (!place || !this.seen) return;
    const beside = this.order
      .map((key) => ({ key, at: this.placeOf(key)! }))
      .filter(({ at }) => Math.abs(at.y - place.y) < 40 && (at.x - place.x) * side > 1)
      .sort((a, b) => (a.at.x - b.at.x) * side);
    const skips = this.seen.links.filter((link) => link.skips);
    const far = skips.find((link) => (side > 0 ? link.source : link.target) === this.current);
    this.go(beside[0]?.key ?? (far && (side > 0 ? far.target : far.source)));
  }

  private turnCurrent() {
    const box = this.byKey.get(this.current ?? "");
    if (!box) return;
    const key = box.is_group ? box.key : box.parent;
    if (!key) return;
    this.turn(key);
    if (!box.is_group) this.pick(key); // what was closed is chosen, so that Enter opens it again
  }
}

export default mount(NetworkGraph);
