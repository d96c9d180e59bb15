// The film: frames come in while it plays; between two of them points move straight.
const films = new WeakMap();
// On the window, so that a film that was seen is not played again when one comes back to it.
const seen = (window.layerscopeFilms ??= new Set());

export default function ({ data, parentElement, setTriggerValue }) {
  if (!films.has(parentElement)) films.set(parentElement, new FilmView(parentElement));
  const film = films.get(parentElement);
  film.asking.send = setTriggerValue;
  film.show(data);
  return () => {
    film.stop();
    films.delete(parentElement);
  };
}

class FilmView {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.company = new Company();
    this.asking = new Asking();
    this.box = this.find(".film");
    const hear = { hover: (i) => this.hover(i), pick: (i) => this.pick(i), escape: () => this.pick(-1) };
    this.plane = new Cloud(this.find(".plane .plot"), this.company, hear);
    this.moving = new Cloud(this.find(".moving .plot"), this.company, hear);
    this.timeline = new Timeline(this.find(".curve"), (at) => this.seek(at));
    this.strip = new TriedStrip(this.find(".tried"), {
      choose: (id) => this.asking.tell("choose", id),
      ladder: () => this.asking.tell("ladder", true),
    });
    this.at = 0;
    this.speed = 0;
    this.playing = false;
    this.listen();
  }

  listen() {
    this.find(".play").onclick = () => this.toggle();
    this.find(".speed").onclick = () => this.changeSpeed();
    this.find(".over .act").onclick = () => this.asking.tell("run", this.data.captions.action);
    const heard = {
      keydown: (event) => this.press(event),
      "layerscope:thumbnails": () => this.company.hovered >= 0 && this.paint(),
      [LIGHT]: ({ detail }) => this.light(detail),
    };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    this.stop = () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
      for (const each of [this.plane, this.moving, this.timeline]) each.stop();
      cancelAnimationFrame(this.frame);
      this.asking.stop();
    };
  }

  // --- what the page says ------------------------------------------------------------------------

  show(data) {
    this.data = data;
    this.company.read(data);
    const { film, captions } = data;
    const steps = decode(data.reel, "frames", Int16Array);
    const size = 2 * this.company.n;
    this.frames = Array.from({ length: film.count }, (_, i) => steps.subarray(i * size, (i + 1) * size));
    if (this.token !== film.token) this.begin(film);
    this.at = Math.min(this.at, Math.max(0, film.count - 1));
    for (const [name, [title, details]] of [[".plane", captions.plane], [".moving", captions.film]]) {
      this.find(`${name} h3`).textContent = title;
      this.find(`${name} .cap p`).textContent = details;
    }
    fillFigures(this.find(".plane .figures"), captions.figures);
    this.plane.show(film.hasPlane ? decode(data.reel, "plane", Int16Array) : null);
    this.timeline.show(film);
    this.strip.show(data.tiles, decode(data.tried, "points", Int16Array), this.company, captions.ladder);
    this.cover(captions, film);
    this.box.dataset.frames = film.count;
    this.box.dataset.complete = film.complete;
    this.paint();
    this.run();
    this.asking.follow(data.waits, film.token);
  }

  // A film that is there as a whole and was seen stands at its end; a new one is played from its start.
  begin(film) {
    this.token = film.token;
    const still = calm.matches || (film.complete && seen.has(film.token));
    this.at = still && film.complete ? film.count - 1 : 0;
    this.still = still;
    this.setPlaying(!still);
  }

  cover({ note, share, action }, { count }) {
    const over = this.find(".over");
    over.hidden = count > 0 || !note;
    over.querySelector("p").textContent = note;
    over.querySelector(".gauge").hidden = share < 0;
    over.querySelector(".gauge i").style.width = `${100 * Math.max(0, share)}%`;
    const act = over.querySelector(".act");
    act.hidden = !action;
    act.textContent = action === "run" ? "Run" : "Cancel";
  }

  // --- playing -----------------------------------------------------------------------------------

  get last() {
    return Math.max(0, this.data.film.count - 1);
  }

  setPlaying(playing) {
    this.playing = playing;
    const button = this.find(".play");
    button.classList.toggle("playing", playing);
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
    button.title = playing ? "Pause (Space)" : "Play (Space)";
    this.box.dataset.playing = playing;
  }

  toggle() {
    if (!this.playing && this.data.film.complete && this.at >= this.last) this.at = 0;
    this.setPlaying(!this.playing);
    this.run();
  }

  changeSpeed() {
    this.speed = (this.speed + 1) % SPEEDS.length;
    this.find(".speed").textContent = { 1: "1×", 2: "2×", 0.5: "½×" }[SPEEDS[this.speed]];
  }

  seek(at) {
    this.setPlaying(false);
    this.at = clamp(0, at, this.last);
    this.paint();
  }

  run() {
    if (this.still && this.data.film.complete) { // for those who like no motion: the end at once
      this.at = this.last;
      this.still = false;
      this.paint();
    }
    if (!this.playing || this.frame || !this.data.film.count) return;
    let before = performance.now();
    const step = (now) => {
      this.frame = null;
      if (!this.playing) return;
      this.at = Math.min(this.last, this.at + (Math.min(100, now - before) / 1000) * RATE * SPEEDS[this.speed]);
      before = now;
      this.paint();
      if (this.at < this.last) this.frame = requestAnimationFrame(step);
      else if (this.data.film.complete) this.end();
    };
    this.frame = requestAnimationFrame(step);
  }

  end() {
    seen.add(this.token);
    this.setPlaying(false);
  }

  paint() {
    const { film } = this.data;
    const left = Math.floor(this.at);
    const [from, to] = [this.frames[left], this.frames[left + 1]];
    const share = this.at - left;
    if (!from || !to || share === 0) this.moving.show(from ?? null);
    else this.moving.show(Float32Array.from(from, (value, i) => value + (to[i] - value) * share));
    this.plane.draw();
    this.timeline.move(this.at);
    const i = Math.min(Math.round(this.at), film.count - 1);
    this.box.dataset.iteration = i >= 0 ? film.iteration[i] : "";
    fillFigures(this.find(".moving .figures"), i >= 0 ? this.tellFrame(film, i) : []);
    if (i >= 0) this.timeline.say(film.iteration[i], film.kl[i]);
  }

  tellFrame(film, i) {
    return [
      ["spread", tellSpread(film.side[i])],
      ["KL", decimals(film.kl[i])],
      ["kNN", decimals(film.accuracy[i])],
      ["trust", decimals(film.trust[i])],
    ];
  }

  // --- what the visitor does ---------------------------------------------------------------------

  // Space and arrows belong to the film, unless something else on the page has the focus.
  press(event) {
    const target = event.composedPath()[0];
    if (isShortcut(event) || isWriting(target) || !this.data) return;
    const isOurs = event.composedPath().includes(this.box);
    if (!isOurs && target !== document.body) return;
    const onButton = target.matches?.("button, a, [role=button], [role=radio]");
    const go = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === " " && !onButton) this.toggle();
    else if (go !== undefined && !onButton) this.seek(clamp(0, Math.round(this.at) + go, this.last));
    else if (event.key === "Escape" && this.company.pinned >= 0) this.pick(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  hover(i) {
    if (i === this.company.hovered && !this.plane.points && !this.moving.points) return;
    this.company.hovered = i;
    this.box.dataset.hovered = i;
    this.plane.draw();
    this.moving.draw();
  }

  pick(i) {
    if (i === this.company.pinned) return;
    this.company.pinned = i;
    this.asking.tell("pin", i);
    this.paint();
  }

  light({ family, group }) {
    if (family !== this.company.family) return;
    this.company.lit = group;
    this.paint();
  }
}
