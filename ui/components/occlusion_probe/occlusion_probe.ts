// A picture, a patch that follows the pointer, and what the model makes of it.
import { mount, type Send } from "../base/component";
import { find } from "../base/elements";
import { Poll } from "../base/poll";
import "./occlusion_probe.css";
import { type Geometry, Patch } from "./patch";
import { type Place, type Question, Questions } from "./questions";

interface Data extends Geometry {
  picture: string;
  baseline: number;
  answers: [x: number, y: number, probability: number][];
  heat: string;
  running: boolean;
  done: number;
  total: number;
  problem: string;
  token: string;
}

type Triggers = { probe: Question; sweep: string; cancel: string; tick: string };

const AGAIN = 350; // milliseconds between questions how far the sweep is
const HOLD = 1500; // milliseconds without a question after a click

class OcclusionProbe {
  private data!: Data;
  private last?: number;
  private patch: Patch;
  private start: HTMLElement;
  private questions = new Questions((question) => this.send("probe", question));
  private poll = new Poll(() => this.send("tick", this.data.token));

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.patch = new Patch(this.find(".box"), this.find(".patch"), (place) => this.moved(place));
    this.start = this.find(".start");
    this.start.onclick = () => {
      this.send(this.data.running ? "cancel" : "sweep", this.data.token);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      if (this.data.running) this.poll.start(HOLD, AGAIN);
    };
    const slider = find<HTMLInputElement>(root, "input");
    const fade = () => {
      this.find(".heat").style.opacity = String(slider.valueAsNumber / 100);
    };
    slider.oninput = fade;
    fade();
    slider.onkeydown = (event) => event.stopPropagation();
  }

  show(data: Data) {
    this.data = data;
    this.setImage(".picture", data.picture);
    this.setImage(".heat", data.heat);
    this.questions.renew(data.token);
    this.patch.set(data);
    this.questions.learn(data.answers);
    this.showSweep(data);
    this.find(".problem").textContent = data.problem;
    this.find(".problem").hidden = !data.problem;
    this.read();
    if (data.running) this.poll.start(AGAIN);
    else this.poll.stop();
  }

  stop() {
    this.poll.stop();
    this.questions.stop();
  }

  private find(name: string) {
    return find(this.root, name);
  }

  private setImage(name: string, source: string) {
    const image = find<HTMLImageElement>(this.root, name);
    image.hidden = !source;
    if (source && image.src !== source) image.src = source;
  }

  private showSweep({ running, done, total, heat }: Data) {
    const partly = running && total > 0;
    this.start.textContent = running ? "Cancel" : "Sweep the whole picture";
    this.start.setAttribute("aria-label", running ? "Cancel the sweep" : "Sweep the whole picture");
    this.find(".bar").hidden = !running;
    this.find(".bar i").style.width = `${partly ? (100 * done) / total : 0}%`;
    this.find(".count").textContent = partly ? `${done} of ${total}` : running ? "waiting …" : "";
    this.find("label").hidden = !heat;
  }

  private moved(place: Place) {
    this.questions.ask(place);
    this.read();
  }

  private read() {
    const { baseline } = this.data;
    const found = this.questions.find(this.patch.place);
    const shown = found ?? this.last;
    this.last = shown;
    this.find(".whole").textContent = baseline.toFixed(3);
    this.find(".scale u").style.left = `${100 * baseline}%`;
    for (const name of [".covered", ".change"]) this.find(name).classList.toggle("asking", found === undefined);
    if (shown === undefined) return;
    const change = shown - baseline;
    this.find(".covered").textContent = shown.toFixed(3);
    this.find(".change").textContent = `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(3)}`;
    this.find(".change").classList.toggle("less", change < -0.0005);
    this.find(".change").classList.toggle("more", change > 0.0005);
    this.find(".scale i").style.width = `${100 * shown}%`;
  }
}

export default mount(OcclusionProbe);
