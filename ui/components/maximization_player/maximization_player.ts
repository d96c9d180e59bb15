// The picture, its curves, and what is told of it. While it changes the page asks how far it is, and tells how many
// frames it has: only the others are sent.
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { Poll } from "../base/poll";
import { Curve } from "./curve";
import { Film, type Frame } from "./film";
import "./maximization_player.css";

interface Judgement {
  title: string;
  text: string;
  rows: string[][];
  classes: [name: string, probability: number][];
  reference: number | null;
}

interface Data {
  token: string;
  state: string;
  unit: string;
  value: string;
  hint: string;
  start: string;
  total: number;
  first: number;
  frames: Frame[];
  objective: number[];
  variation: number[];
  states: string;
  seconds: number;
  box: [left: number, top: number, width: number, height: number] | null;
  notes: string[];
  problem: string;
  judgement: Judgement | null;
}

type Triggers = { start: string; stop: string; again: string; tick: { token: string; have: number } };

const AGAIN = 250; // milliseconds between questions
const PATIENCE = 1000; // then it asks again; an answer that is the same as before is not sent
const ICONS = {
  play: '<svg viewBox="0 0 16 16"><path d="M4 2.6v10.8L13 8z"/></svg>',
  pause: '<svg viewBox="0 0 16 16"><path d="M4 3h3v10H4zM9 3h3v10H9z"/></svg>',
};
const ACTIONS = {
  stop: ["Stop", "Call it off"],
  start: ["Start", "Find a picture that maximises the unit"],
  again: ["Another seed", "Start again from other noise: what returns is the unit's"],
};
const SILENCE: Record<string, string> = { s: ", silent", d: ", dead" };

class MaximizationPlayer {
  private data?: Data;
  private kept?: Data; // the last that had a curve
  private isOpen = false;
  private action: keyof typeof ACTIONS = "start";
  private film = new Film(() => this.paint());
  private curves: Curve[];
  private act: HTMLElement;
  private slider: HTMLInputElement;
  private play: HTMLButtonElement;
  private poll = new Poll(() => this.send("tick", { token: this.data!.token, have: this.film.frames.length }));

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    const pick = (step: number) => {
      this.film.pause();
      this.film.seek(step);
    };
    this.curves = [".objective", ".variation"].map(
      (name) => new Curve(this.find(name), (step) => this.point(step), pick),
    );
    this.act = this.find(".act");
    this.act.onclick = () => {
      this.send(this.action, this.data!.token);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      this.poll.start(PATIENCE);
    };
    this.play = find(root, ".play");
    this.play.onclick = () => this.film.toggle();
    this.slider = find(root, "input");
    this.slider.oninput = () => {
      this.film.pause();
      this.film.go(this.slider.valueAsNumber);
    };
    this.find(".player").onkeydown = (event) => this.press(event);
  }

  stop() {
    this.poll.stop();
    this.film.pause();
    for (const curve of this.curves) curve.stop();
  }

  show(data: Data) {
    const isOpen = data.state === "waiting" || data.state === "running";
    const wasOpen = this.isOpen && data.token === this.data?.token;
    // Another maximisation; of one that was stopped what came of it stays.
    if (data.token !== this.data?.token || (isOpen && !wasOpen && data.first === 0)) {
      this.film.clear();
      this.kept = undefined;
    }
    this.data = data;
    this.isOpen = isOpen;
    const complete = data.state === "idle" || data.state === "failed" || this.film.take(data.first, data.frames);
    if (data.objective.length) this.kept = data;
    this.showCurves(data);
    this.tell(data);
    this.paint();
    if (isOpen || !complete) this.poll.start(complete ? AGAIN : 0, PATIENCE);
    else this.poll.stop();
  }

  private find(name: string) {
    return find(this.root, name);
  }

  private showCurves({ value, total }: Data) {
    const { kept } = this;
    this.find(".objective span").textContent = value;
    const [objective, variation] = this.curves;
    const [steps, states] = [kept?.total ?? total, kept?.states ?? ""];
    objective.set(kept?.objective ?? [], steps, states, kept?.judgement?.reference ?? null);
    variation.set(kept?.variation ?? [], steps, states, null, 0);
  }

  /** What is said beside the picture. */
  private tell({ judgement, notes, problem, state, total, seconds, objective }: Data) {
    const said: HTMLElement[] = [];
    const note = (text: string) => said.push(make("p", "note", text));
    if (problem) said.push(make("p", "problem", problem));
    if (state === "idle" && this.film.frames.length && this.kept)
      note(`Stopped at step ${this.kept.objective.length - 1} of ${total}. Start goes from the beginning.`);
    if (state === "waiting") note("Waiting for another computation to end …");
    if (state === "running") said.push(make("p", "", tellPace(objective.length - 1, total, seconds)));
    if (judgement) said.push(...judge(judgement));
    notes.forEach(note);
    this.find(".told").replaceChildren(...said);
  }

  private paint() {
    if (!this.data) return;
    const { state, hint, start, box, unit } = this.data;
    const { film, play, slider } = this;
    const blank = film.frames.length === 0;
    this.find(".player").classList.toggle("blank", blank);
    const image = find<HTMLImageElement>(this.root, ".picture");
    const source = blank ? start : film.picture;
    image.hidden = !source;
    if (source && image.src !== source) image.src = source;
    image.alt = blank ? "" : `What ${unit} looks for, after ${film.step} steps`;
    this.find(".hint").textContent = blank ? hint : "";
    this.showEye(blank ? null : box);
    this.action = this.isOpen ? "stop" : state === "done" ? "again" : "start";
    [this.act.textContent, this.act.title] = ACTIONS[this.action];
    this.act.classList.toggle("begin", this.action === "start");
    play.disabled = slider.disabled = film.frames.length < 2;
    play.innerHTML = film.runs ? ICONS.pause : ICONS.play;
    play.setAttribute("aria-label", film.runs ? "Pause" : "Play");
    slider.max = String(film.last);
    slider.value = String(film.at);
    slider.setAttribute("aria-valuetext", `step ${film.step}`);
    this.point(null);
  }

  private showEye(box: Data["box"]) {
    const eye = this.find(".eye");
    eye.hidden = !box;
    if (!box) return;
    const [left, top, width, height] = box.map((share) => 100 * share);
    const { style } = eye;
    [style.left, style.top, style.width, style.height] = [left + width / 2, top + height / 2, width, height].map(
      (share) => `${share}%`,
    );
  }

  /** What the pointer is at; without one, where the film stands. */
  private point(step: number | null) {
    const { film, kept, data } = this;
    const here = film.frames.length ? film.step : undefined;
    for (const curve of this.curves) curve.mark(step ?? here);
    const known = step !== null && kept?.objective[step] !== undefined;
    const count = here === undefined ? `${data?.total} steps` : `step ${here} of ${data?.total}`;
    this.find(".step").textContent = known ? `step ${step}${SILENCE[kept.states[step]] ?? ""}` : count;
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const { film } = this;
    const moves: Record<string, number> = { ArrowLeft: film.at - 1, ArrowRight: film.at + 1, Home: 0, End: film.last };
    const onButton = (event.target as Element).closest("button");
    if (event.key === " " && !onButton) film.toggle();
    else if (event.key in moves && film.frames.length) {
      film.pause();
      film.go(moves[event.key]);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}

function tellPace(done: number, total: number, seconds: number) {
  if (done < 2) return "The first steps take longest …";
  const left = Math.ceil((total - done) * seconds);
  const pace = seconds < 0.1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
  return `${pace} a step, about ${left} s left.`;
}

function judge({ title, text, rows, classes }: Judgement) {
  const head = make("h3", title.startsWith("Super") ? "" : "no", title);
  head.append(make("small", "", ` ${text}`));
  const said: HTMLElement[] = [head];
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
  if (classes.length) said.push(make("p", "heard", "The model predicts"), takes);
  return said;
}

export default mount(MaximizationPlayer);
