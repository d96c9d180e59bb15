// A graph to look around in: drawn anew when groups are opened, only marked when another box is chosen.
const FAR = 0.35; // smaller than this no text can be read: boxes are their colours
const graphs = new WeakMap();

// Streamlit calls this at every change of data; the graph lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!graphs.has(parentElement)) graphs.set(parentElement, new NetworkGraph(parentElement));
  const graph = graphs.get(parentElement);
  graph.send = setTriggerValue;
  graph.show(data);
  return () => {
    graph.stop();
    graphs.delete(parentElement);
  };
}

class NetworkGraph {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.svg = this.find("svg");
    this.chosen = new Choice(null, () => this.mark());
    this.opened = new Choice([], () => this.build());
    this.viewport = new Viewport(this.svg, this.find(".world"), {
      moved: () => this.follow(),
      clicked: (target) => this.click(target),
    });
    this.overview = new Overview(this.find(".overview"), this.viewport);
    this.listen();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.svg);
  }

  stop() {
    this.observer.disconnect();
    this.chosen.stop();
    this.opened.stop();
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data) {
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

  showKinds() {
    const bars = [
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

  build() {
    if (!this.svg.clientWidth) return;
    const kept = this.layout && !this.waits ? this.anchor() : null;
    this.seen = see(this.data, new Set(this.opened.value));
    this.layout = layOut(this.seen);
    const { places, points } = this.layout;
    this.viewport.size = this.layout;
    const draw = (boxes, make) => [...boxes.values()].map((box) => make(box, places.get(box.key)));
    this.find(".clusters").replaceChildren(...draw(this.seen.clusters, drawCluster));
    this.find(".links").replaceChildren(...this.seen.links.map((link, i) => drawLink(link, points[i])));
    this.find(".boxes").replaceChildren(...draw(this.seen.boxes, drawBox));
    const all = this.groups.every((key) => this.opened.value.includes(key));
    this.find(".all").textContent = all ? "Close all" : "Open all";
    this.find(".all").hidden = !this.groups.length;
    this.svg.setAttribute("aria-label", `${this.data.name}: ${this.seen.boxes.size} boxes, from input to output`);
    this.mark();
    if (this.waits) this.begin();
    else if (kept) this.hold(kept);
    this.follow();
  }

  // At the input; where the page says so, at what is chosen.
  begin() {
    this.waits = false;
    const [first] = this.seen.boxes.keys();
    this.viewport.start(this.layout.places.get(first).x);
    if (this.data.reveals) this.reveal();
  }

  // What was opened or closed stays where it is on the screen.
  anchor() {
    const place = this.layout.places.get(this.turned ?? "");
    if (!place) return null;
    const { s, x, y } = this.viewport.pose;
    return { key: this.turned, x: x + place.x * s, y: y + (place.y - place.height / 2) * s };
  }

  hold({ key, x, y }) {
    const place = this.layout.places.get(key);
    if (!place) return;
    const { s } = this.viewport.pose;
    this.viewport.set({ s, x: x - place.x * s, y: y - (place.y - place.height / 2) * s });
  }

  resize() {
    if (!this.data) return;
    if (!this.layout) this.build();
    else this.viewport.set(this.viewport.pose);
  }

  // --- what is seen ------------------------------------------------------------------------------

  // The box that stands for what is chosen.
  get current() {
    const key = this.chosen.value;
    if (this.seen.boxes.has(key)) return key;
    if (this.seen.standsFor.has(key)) return this.seen.standsFor.get(key);
    let box = this.byKey.get(key); // a group inside one that is closed
    while (box && !this.seen.boxes.has(box.key)) box = this.byKey.get(box.parent);
    return box?.key ?? null;
  }

  mark() {
    if (!this.seen) return;
    const { current } = this;
    for (const element of this.find(".boxes").children) {
      element.classList.toggle("chosen", element.dataset.key === current);
    }
    const near = ({ source, target }) => current !== null && (source === current || target === current);
    this.seen.links.forEach((link, i) => this.find(".links").children[i].classList.toggle("near", near(link)));
    this.overview.show(this.seen.boxes, this.layout, current);
  }

  follow() {
    this.svg.classList.toggle("far", this.viewport.pose.s < FAR);
    this.find(".scale").textContent = `${Math.round(100 * this.viewport.pose.s)} %`;
    this.overview?.draw();
  }

  reveal() {
    const place = this.seen && this.layout.places.get(this.current ?? "");
    if (place) this.viewport.reveal(place);
  }

  // --- what the visitor does ---------------------------------------------------------------------

  listen() {
    const act = (name, does) => {
      this.find(name).onclick = does;
    };
    act(".in", () => this.viewport.zoom(ZOOM.step));
    act(".out", () => this.viewport.zoom(1 / ZOOM.step));
    act(".fit", () => this.viewport.fit());
    act(".start", () => this.goToStart());
    act(".all", () => this.turnAll());
    this.svg.onkeydown = (event) => this.press(event);
    this.svg.ondblclick = (event) => {
      const key = event.target.closest(".box.group")?.dataset.key;
      if (key && !event.target.closest(".toggle")) this.turn(key);
    };
  }

  goToStart() {
    const [first] = this.seen.boxes.keys();
    this.viewport.start(this.layout.places.get(first).x);
  }

  click(target) {
    const box = target.closest(".box, .cluster");
    if (!box) return;
    if (target.closest(".toggle, .close")) this.turn(box.dataset.key);
    else if (box.classList.contains("box")) this.pick(box.dataset.key);
  }

  pick(key) {
    if (!key || key === this.chosen.value) return;
    this.chosen.make(key); // shown at once; the page follows
    this.send("pick", key);
    this.mark();
    this.find(".said").textContent = describe(this.byKey.get(key));
  }

  turn(key) {
    const opened = this.opened.value;
    this.turned = key;
    this.setOpened(opened.includes(key) ? opened.filter((each) => each !== key) : [...opened, key]);
  }

  turnAll() {
    const all = this.groups.every((key) => this.opened.value.includes(key));
    this.turned = this.current;
    this.setOpened(all ? [] : [...this.groups]);
  }

  setOpened(opened) {
    this.opened.make(opened);
    this.send("open", opened);
    this.build();
  }

  press(event) {
    if (isShortcut(event)) return;
    const does = {
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
        this.pick(this.seen.boxes.keys().next().value);
      },
      End: () => this.go([...this.seen.boxes.keys()].at(-1)),
    }[event.key];
    if (!does) return;
    does();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  go(key) {
    if (!key) return;
    this.pick(key);
    this.reveal();
  }

  // Along a tensor; of several, the one that leads to the nearest box.
  walk(from, to) {
    const { current } = this;
    if (current === null) return this.go(this.seen.boxes.keys().next().value);
    const order = [...this.seen.boxes.keys()];
    const here = order.indexOf(current);
    const far = (link) => Math.abs(order.indexOf(link[to]) - here);
    const links = this.seen.links.filter((link) => link[from] === current).sort((a, b) => far(a) - far(b));
    this.go(links[0]?.[to]);
  }

  // To what stands beside it; where nothing does, to the other end of a tensor that skips.
  step(side) {
    const place = this.layout.places.get(this.current ?? "");
    if (!place) return;
    const beside = [...this.seen.boxes.keys()]
      .map((key) => ({ key, at: this.layout.places.get(key) }))
      .filter(({ at }) => Math.abs(at.y - place.y) < 40 && (at.x - place.x) * side > 1)
      .sort((a, b) => (a.at.x - b.at.x) * side);
    const skips = this.seen.links.filter((link) => link.skips);
    const far = skips.find((link) => (side > 0 ? link.source : link.target) === this.current);
    this.go(beside[0]?.key ?? (far && (side > 0 ? far.target : far.source)));
  }

  turnCurrent() {
    const { current } = this;
    const box = this.byKey.get(current);
    if (!box) return;
    const key = box.is_group ? box.key : box.parent;
    if (!key) return;
    this.turn(key);
    if (!box.is_group) this.pick(key); // what was closed is chosen, so that Enter opens it again
  }
}
