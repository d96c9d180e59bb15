// The picture, its curves, and what is said of it. While it is sought the page asks how far it is, and
// tells how many frames it has: only the others are sent.
const AGAIN = 250; // milliseconds between questions
const PATIENCE = 1000; // then it asks again; an answer that is the same as before is not sent
const ICONS = {
  play: '<svg viewBox="0 0 16 16"><path d="M4 2.6v10.8L13 8z"/></svg>',
  pause: '<svg viewBox="0 0 16 16"><path d="M4 3h3v10H4zM9 3h3v10H9z"/></svg>',
};
const players = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!players.has(parentElement)) players.set(parentElement, new AscentPlayer(parentElement));
  const player = players.get(parentElement);
  player.send = setTriggerValue;
  player.show(data);
  return () => {
    player.stop();
    players.delete(parentElement);
  };
}

class AscentPlayer {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    const point = (step) => this.point(step);
    const pick = (step) => {
      this.film.pause();
      this.film.seek(step);
    };
    this.curves = [".objective", ".variation"].map((name) => new Curve(this.find(name), point, pick));
    this.film = new Film(() => this.paint());
    this.act = this.find(".act");
    this.act.onclick = () => {
      this.send(this.action, this.data.token);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      clearTimeout(this.timer);
      this.ask(PATIENCE);
    };
    this.find(".play").onclick = () => this.film.toggle();
    const slider = this.find("input");
    slider.oninput = () => {
      this.film.pause();
      this.film.go(slider.valueAsNumber);
    };
    this.find(".player").onkeydown = (event) => this.press(event);
  }

  stop() {
    clearTimeout(this.timer);
    this.film.pause();
    for (const { observer } of this.curves) observer.disconnect();
  }

  show(data) {
    const isOpen = data.state === "waiting" || data.state === "running";
    const wasOpen = this.isOpen && data.token === this.data?.token;
    // A new ascent; of one that was stopped what came of it stays.
    if (data.token !== this.data?.token || (isOpen && !wasOpen && data.first === 0)) {
      this.film.clear();
      this.kept = null;
    }
    this.data = data;
    this.isOpen = isOpen;
    const complete = data.state === "idle" || data.state === "failed" || this.film.take(data.first, data.frames);
    if (data.objective.length) this.kept = data;
    this.showCurves();
    this.tell();
    this.paint();
    clearTimeout(this.timer);
    if (isOpen || !complete) this.ask(complete ? AGAIN : 0);
  }

  ask(wait) {
    this.timer = setTimeout(() => {
      this.send("tick", { token: this.data.token, have: this.film.frames.length });
      this.ask(PATIENCE);
    }, wait);
  }

  showCurves() {
    const { objective, variation, states, total } = this.kept ?? { objective: [], variation: [], states: "", total: this.data.total };
    const reference = this.kept?.judgement?.reference ?? null;
    this.find(".objective span").textContent = this.data.value;
    this.curves[0].set(objective, total, states, reference);
    this.curves[1].set(variation, total, states, null, 0);
  }

  get isStopped() {
    return this.data.state === "idle" && this.film.frames.length > 0;
  }

  // What is said beside the picture.
  tell() {
    const { judgement, notes, problem, state, total, seconds } = this.data;
    const said = [];
    if (problem) said.push(make("p", "problem", problem));
    if (this.isStopped) said.push(make("p", "note", `Stopped at step ${this.kept.objective.length - 1} of ${total}. Start goes from the beginning.`));
    if (state === "waiting") said.push(make("p", "note", "Waiting for another computation to end …"));
    if (state === "running") said.push(make("p", "", this.tellPace(seconds, total)));
    if (judgement) said.push(...this.judge(judgement));
    for (const note of notes) said.push(make("p", "note", note));
    this.find(".told").replaceChildren(...said);
  }

  tellPace(seconds, total) {
    const done = this.data.objective.length - 1;
    if (done < 2) return "The first steps take longest …";
    const left = Math.ceil((total - done) * seconds);
    const pace = seconds < 0.1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
    return `${pace} a step, about ${left} s left.`;
  }

  judge({ title, text, rows, classes }) {
    const head = make("h3", title.startsWith("Super") ? "" : "no", title);
    head.append(make("small", "", ` ${text}`));
    const said = [head];
    if (rows.length) {
      const table = make("table");
      for (const row of [["", "picture", "sample", ""], ...rows]) {
        const line = make("tr");
        line.append(...row.map((cell, i) => make(i && row[0] ? "td" : "th", "", cell)));
        table.append(line);
      }
      said.push(table);
    }
    const takes = make("ol", "takes");
    for (const [name, probability] of classes) {
      const entry = make("li");
      const bar = make("i");
      bar.style.width = `${100 * probability}%`;
      const label = make("span", "", name);
      label.title = name;
      entry.append(label, bar, make("b", "", probability.toFixed(2)));
      takes.append(entry);
    }
    if (classes.length) said.push(make("p", "heard", "The model takes it for"), takes);
    return said;
  }

  paint() {
    if (!this.data) return;
    const { state, hint, start, box } = this.data;
    const { film } = this;
    const blank = film.frames.length === 0;
    this.find(".player").classList.toggle("blank", blank);
    const image = this.find(".picture");
    const source = blank ? start : film.picture;
    image.hidden = !source;
    if (source && image.src !== source) image.src = source;
    image.alt = blank ? "" : `What ${this.data.unit} looks for, after ${film.step} steps`;
    this.find(".hint").textContent = blank ? hint : "";
    this.showEye(blank ? null : box);
    this.action = this.isOpen ? "stop" : state === "done" ? "again" : "start";
    this.act.textContent = { stop: "Stop", start: "Start", again: "Another seed" }[this.action];
    this.act.title = { stop: "Call it off", start: "Seek a picture that the unit answers to", again: "Start again from other noise: what returns is the unit's" }[this.action];
    this.act.classList.toggle("begin", this.action === "start");
    const play = this.find(".play");
    play.disabled = film.frames.length < 2;
    play.innerHTML = film.timer ? ICONS.pause : ICONS.play;
    play.setAttribute("aria-label", film.timer ? "Pause" : "Play");
    const slider = this.find("input");
    slider.max = film.last;
    slider.value = film.at;
    slider.disabled = film.frames.length < 2;
    slider.setAttribute("aria-valuetext", `step ${film.step}`);
    this.find(".step").textContent = blank ? `${this.data.total} steps` : `step ${film.step} of ${this.data.total}`;
    for (const curve of this.curves) curve.mark(blank ? undefined : film.step);
  }

  showEye(box) {
    const eye = this.find(".eye");
    eye.hidden = !box;
    if (!box) return;
    const [left, top, width, height] = box;
    const places = { left: left + width / 2, top: top + height / 2, width, height };
    for (const [name, share] of Object.entries(places)) eye.style[name] = `${100 * share}%`;
  }

  // What the pointer is at; without one, where the film stands.
  point(step) {
    for (const curve of this.curves) curve.mark(step ?? (this.film.frames.length ? this.film.step : undefined));
    const known = step !== null && this.kept?.objective[step] !== undefined;
    const said = { s: ", silent", d: ", dead" }[this.kept?.states[step]] ?? "";
    this.find(".step").textContent = known ? `step ${step}${said}` : this.film.frames.length ? `step ${this.film.step} of ${this.data.total}` : `${this.data.total} steps`;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { film } = this;
    const moves = { ArrowLeft: film.at - 1, ArrowRight: film.at + 1, Home: 0, End: film.last };
    const onButton = event.target.closest("button");
    if (event.key === " " && !onButton) film.toggle();
    else if (event.key in moves && film.frames.length) {
      film.pause();
      film.go(moves[event.key]);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
