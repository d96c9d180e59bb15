// A Grand Tour of one or two networks: what the page says, and what the visitor chooses.
const TRIGGERS = {
  pinned: "pin", only: "only", lassoed: "lasso", pictures: "pictures", handles: "handles", aligned: "aligned",
};
const STRIDE = 10; // steps that a key goes on or back
const REST = 300; // milliseconds without a gesture until the page hears of the moment
const SAMPLES = { labels: Int32Array, groups: Int32Array, faded: Uint8Array };
const ANSWERS = { predicted: Int32Array, correct: Int8Array, confidence: Float32Array };
const readColumns = (table, kinds, suffix) =>
  Object.fromEntries(Object.entries(kinds).map(([name, Type]) => [name + suffix, decode(table, name + suffix, Type)]));
const tours = new WeakMap();

// Streamlit calls this at every change of data; the tour lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!tours.has(parentElement)) tours.set(parentElement, new GrandTour(parentElement));
  const tour = tours.get(parentElement);
  tour.send = setTriggerValue;
  tour.show(data);
  return () => {
    tour.stop();
    tours.delete(parentElement);
  };
}

class GrandTour {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    [this.element, this.box] = [".grand-tour", ".views"].map(this.find);
    this.element.tour = this;
    const choice = (value) => new Choice(value, () => this.looks.recast());
    const chosen = { pinned: -1, only: [], lassoed: [], pictures: false, handles: [], aligned: true };
    this.choices = Object.fromEntries(Object.entries(chosen).map(([name, value]) => [name, choice(value)]));
    this.moment = new Choice(null, () => {});
    Object.assign(this, { views: [], tracks: [], speed: 1, playing: false, held: false, handled: true });
    Object.assign(this, { course: new Course(), zoom: new Zoom(), loop: new Loop(this), journey: new Journey(this) });
    Object.assign(this, { looks: new Looks(this), pointing: new Pointing(this) });
    this.timeline = new Timeline(this.find(".timeline"), this.listActs());
    this.listen();
  }

  listActs() {
    const names = ["toggle", "step", "scrub", "reseed", "reset", "align"];
    return {
      ...Object.fromEntries(names.map((name) => [name, (value) => this[name](value)])),
      speed: (value) => {
        this.speed = value;
        this.loop.ask();
      },
      scrubbed: () => this.rest(),
      walk: () => this.journey.stroll(),
      pictures: () => this.togglePictures(),
      handles: () => this.toggleHandles(),
      save: (kind) => saveTour(this, kind),
    };
  }

  listen() {
    const { element } = this;
    const clicked = {
      ".tools .lasso": () => this.pointing.toggleLasso(),
      ".tools .in": () => this.zoomBy(1.5),
      ".tools .out": () => this.zoomBy(1 / 1.5),
      ".tools .reset": () => this.fit(),
      ".caught .group": () => this.pointing.group(),
      ".caught .clear": () => this.choose("lassoed", []),
    };
    for (const [name, act] of Object.entries(clicked)) this.find(name).onclick = act;
    const greet = () => (this.find(".hint").hidden = true);
    for (const gesture of ["pointerdown", "keydown", "wheel"]) element.addEventListener(gesture, greet, { passive: true });
    element.onpointerleave = () => this.playing && this.rest();
    const isOurs = ({ family }) => family === this.data?.family;
    const heard = {
      keydown: (event) => pressAnywhere(this, event),
      "layerscope:clouds": () => this.journey.settle(),
      "layerscope:thumbnails": () => this.looks.fetchPictures(),
      "layerscope:sample": ({ detail }) => isOurs(detail) && this.pointing.hear(detail.uid ?? -1),
    };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
    this.stop = () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
      for (const each of [...Object.values(this.choices), this.moment, this.journey, this.loop]) each.stop();
      this.observer.disconnect();
      clearTimeout(this.resting);
      for (const view of this.views) view.close();
      this.looks.drop();
    };
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data) {
    const another = this.data?.family !== data.family;
    this.data = data;
    const answers = data.networks.map((_, k) => readColumns(data.scene, ANSWERS, k));
    this.columns = Object.assign(readColumns(data.scene, SAMPLES, ""), ...answers);
    this.count = this.columns.labels.length;
    this.mount(data.networks.length);
    for (const [name, choice] of Object.entries(this.choices)) choice.confirm(data[name], another);
    if (another) {
      this.looks.drop();
      this.pointing.forget();
    }
    this.journey.show(data.networks, another);
    this.take(data.moment);
    data.networks.forEach(({ name, stops }, k) => this.tracks[k].show({ name, stops }));
    this.box.setAttribute("aria-label", `Grand Tour of ${this.count} samples`);
    this.looks.lit = null;
    this.looks.recast();
    this.looks.fetchPictures();
    this.journey.settle();
  }

  // As many views as there are networks.
  mount(count) {
    this.element.classList.toggle("pair", count > 1);
    for (const view of this.views.splice(count)) view.close();
    for (const track of this.tracks.splice(count)) track.element.remove();
    while (this.views.length < count) {
      const k = this.views.length;
      const view = new CloudView(this.find("template"));
      this.box.append(view.element);
      view.open();
      this.views.push(view);
      followPointer(this, view);
      const place = make("div", "track");
      this.find(".tracks").append(place);
      place.onclick = () => this.box.focus({ preventScroll: true }); // arrows go on from layer to layer
      this.tracks.push(new LayerTrack(place, { travel: (key) => this.journey.travel(k, key) }));
    }
    for (const view of this.views) view.resize();
  }

  // Where the tour begins, and whatever the page says that it has not heard from here.
  take(moment) {
    const before = this.moment.value;
    this.moment.confirm(moment, before === null);
    const { value } = this.moment;
    if (before !== null && JSON.stringify(value) === JSON.stringify(before)) return;
    this.course.begin(value);
    this.zoom.read(value.zoom);
    this.playing = value.step === 0 && !calm.matches;
  }

  // --- what the visitor chooses ------------------------------------------------------------------

  choose(name, value) {
    this.choices[name].make(value); // shown at once; the page follows
    this.send(TRIGGERS[name], value);
    this.looks.recast();
  }

  togglePictures() {
    this.choose("pictures", !this.choices.pictures.value);
    this.looks.fetchAlbum();
  }

  toggleHandles() {
    this.handled = !this.handled;
    this.pointing.grasp(null);
    this.loop.ask();
  }

  align() {
    if (this.views.length < 2) return;
    this.choose("aligned", !this.choices.aligned.value);
    this.journey.settle();
  }

  escape() {
    const { pointing, choices } = this;
    if (pointing.line.length) pointing.drop();
    else if (this.journey.walk) this.journey.halt();
    else if (choices.lassoed.value.length) this.choose("lassoed", []);
    else if (choices.pinned.value >= 0) this.choose("pinned", -1);
    else if (pointing.tool) pointing.toggleLasso();
  }

  // The network whose layers the keys change.
  use(view) {
    this.journey.current = this.views.indexOf(view);
  }

  // Samples are on their way to another layer.
  arrive() {
    this.loop.setOut = true;
    this.looks.recast();
  }

  resize() {
    for (const view of this.views) view.resize();
    if (this.data) this.loop.redraw(performance.now()); // a canvas is empty when its size has changed
  }

  // --- time --------------------------------------------------------------------------------------

  toggle() {
    this.playing = !this.playing;
    if (!this.playing) this.scrub(Math.round(this.course.step)); // as an address will say it
    this.rest();
    this.loop.invalidate();
  }

  step(direction) {
    this.scrub(Math.round(this.course.step) + STRIDE * direction);
    this.rest();
  }

  scrub(step) {
    this.playing = false;
    this.course.go(step);
    this.loop.invalidate();
  }

  // While a handle is held the tour waits.
  hold(held) {
    this.held = held;
    this.loop.invalidate();
  }

  reseed() {
    this.course.reseed(crypto.getRandomValues(new Uint32Array(1))[0]);
    this.rest();
    this.loop.invalidate();
  }

  reset() {
    this.course.reset();
    this.fit();
  }

  // The page hears of the moment once nothing has happened for a while.
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

  pan(view, dx, dy) {
    const { s, x, y } = this.zoom.pose;
    this.zoom.set({ s, x: x - dx / view.view.s, y: y + dy / view.view.s });
    this.loop.invalidate();
  }

  zoomBy(factor) {
    this.glide(this.zoom.magnify(factor));
  }

  fit() {
    this.glide({ s: 1, x: 0, y: 0 });
  }

  glide(pose) {
    this.zoom.glide(pose);
    this.rest();
    this.loop.invalidate();
  }
}
