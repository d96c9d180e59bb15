// Which layer each network shows: chosen on a track or with a key, told by the page, or walked to.
const PAUSE = 1300; // milliseconds at each layer of a walk

class Journey {
  constructor(tour) {
    Object.assign(this, { tour, networks: [], layers: [], current: 0, walk: null, untold: new Set(), asked: -1 });
  }

  // `another`: of other samples than before.
  show(networks, another) {
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
    if (this.asked >= 0 && !this.layers[this.asked]?.sent.length) this.tellNext();
    this.current = Math.min(this.current, networks.length - 1);
  }

  // Nothing of what was meant for a network that is gone.
  forget(k) {
    this.untold.delete(k);
    if (this.walk?.k !== k) return;
    clearInterval(this.walk.timer);
    this.walk = null;
  }

  clouds(k) {
    return window.layerscopeClouds?.get(this.networks[k].family) ?? new Map();
  }

  // Every view sets out for its layer, as soon as its samples are at hand, and those that it is turned onto.
  settle() {
    const { views, choices, count } = this.tour;
    const found = this.networks.map((_, k) => this.clouds(k).get(this.layers[k].value));
    const [first] = found;
    const moved = views.map((view, k) => {
      const turned = k > 0 && choices.aligned.value;
      if (!found[k] || (turned && !first)) return view.wait();
      view.entitle(this.networks[k], this.layers[k].value);
      return view.go(this.layers[k].value, found[k], turned && first.d === found[k].d ? first : null, count);
    });
    if (moved.includes(true)) this.tour.arrive();
  }

  travel(k, key) {
    if (!this.networks[k].stops.some((stop) => stop.key === key)) return;
    this.halt();
    this.current = k;
    if (this.layers[k].value === key) return;
    this.choose(k, key);
    this.tell(k);
  }

  choose(k, key) {
    this.layers[k].make(key); // shown at once; the page follows
    this.settle();
  }

  // One after the other: of two that follow too soon the server hears only the later one.
  tell(k) {
    this.untold.add(k);
    if (this.asked < 0 || this.asked === k || !this.layers[this.asked]?.sent.length) this.tellNext();
  }

  tellNext() {
    const [k = -1] = this.untold;
    this.asked = k;
    this.untold.delete(k);
    if (k >= 0) this.tour.send("layer", { network: k, key: this.layers[k].value });
  }

  // The layer so many places on, or back.
  step(stride) {
    const { current: k } = this;
    const keys = this.networks[k].stops.map(({ key }) => key);
    this.travel(k, keys[clamp(0, keys.indexOf(this.layers[k].value) + stride, keys.length - 1)]);
  }

  // From the layer on show to the output, or from the input if it is the output. The page hears of the last stop.
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

  // How far samples have moved, { groups, entries, ends } for all views, and from where.
  grade(colors) {
    const { views, count } = this.tour;
    const origins = views.map((view, k) => view.left ?? this.before(k));
    const made = [...views.flatMap(({ cloud }, k) => [cloud, origins[k]?.cloud]), colors.join()];
    if (made.length === this.made?.length && made.every((each, i) => each === this.made[i])) return this.graded;
    this.made = made;
    const moves = views.map(({ cloud }, k) => {
      const from = origins[k]?.cloud;
      const alike = cloud && from?.n === cloud.n && from.d === cloud.d;
      return alike ? measureMovement(from.X, cloud.X, cloud.d) : new Float32Array(count);
    });
    const names = origins.map((origin, k) => this.networks[k].stops.find(({ key }) => key === origin?.key)?.label);
    const from = [...new Set(names.filter(Boolean))].join(" and ");
    this.graded = { ...gradeMovement(moves, colors), title: from ? `Moved from ${from}` : "Moved: go to another layer" };
    return this.graded;
  }

  // The layer before the one on show, where no other has been left yet.
  before(k) {
    const { stops } = this.networks[k];
    const stop = stops[stops.findIndex(({ key }) => key === this.tour.views[k].key) - 1];
    const cloud = stop && this.clouds(k).get(stop.key);
    return cloud ? { key: stop.key, cloud } : null;
  }

  // For the marker on a track.
  place(k) {
    const { key, left, eased } = this.tour.views[k];
    const to = key ?? this.layers[k].value;
    return { from: left?.key ?? to, to, travelled: eased, there: this.clouds(k) };
  }

  stop() {
    clearInterval(this.walk?.timer);
    for (const layer of this.layers) layer.stop();
  }
}
