// A picture, a patch that follows the pointer, and what the model makes of it.

const AGAIN = 350; // milliseconds between questions how far the sweep is
const HOLD = 1500; // milliseconds without a question after a click
const probes = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!probes.has(parentElement)) probes.set(parentElement, new Probe(parentElement));
  const probe = probes.get(parentElement);
  probe.send = setTriggerValue;
  probe.show(data);
  return () => {
    clearTimeout(probe.timer);
    probe.questions.stop();
    probes.delete(parentElement);
  };
}

class Probe {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.questions = new Questions((question) => this.send("probe", question));
    this.patch = new Patch(this.find(".box"), this.find(".patch"), (place) => this.moved(place));
    this.start = this.find(".start");
    this.start.onclick = () => {
      this.send(this.data.running ? "cancel" : "sweep", this.data.token);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      clearTimeout(this.timer);
      if (this.data.running) this.tick(HOLD);
    };
    const slider = this.find("input");
    slider.oninput = () => (this.find(".heat").style.opacity = slider.valueAsNumber / 100);
    slider.oninput();
    slider.onkeydown = (event) => event.stopPropagation();
  }

  show(data) {
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
    clearTimeout(this.timer);
    if (data.running) this.tick();
  }

  tick(delay = AGAIN) {
    this.timer = setTimeout(() => {
      this.send("tick", this.data.token);
      this.tick(); // an answer that is the same as before is not sent again
    }, delay);
  }

  setImage(name, source) {
    const image = this.find(name);
    image.hidden = !source;
    if (source && image.src !== source) image.src = source;
  }

  showSweep({ running, done, total, heat }) {
    const partly = running && total > 0;
    this.start.textContent = running ? "Cancel" : "Sweep the whole picture";
    this.start.setAttribute("aria-label", running ? "Cancel the sweep" : "Sweep the whole picture");
    this.find(".bar").hidden = !running;
    this.find(".bar i").style.width = `${partly ? (100 * done) / total : 0}%`;
    this.find(".count").textContent = partly ? `${done} of ${total}` : running ? "waiting …" : "";
    this.find("label").hidden = !heat;
  }

  moved(place) {
    this.questions.ask(place);
    this.read();
  }

  read() {
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
