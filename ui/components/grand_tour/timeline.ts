// The row of controls under the views: play and step, the way so far, the seed, what is drawn, what is saved.
import { find, make } from "../base/elements";
import { STRIDES } from "../base/keys";
import { walk } from "../base/walk";

const LIMITS = { least: 600, octaves: 2 }; // steps that the scrubber offers at least; speed, from 1/4 to 4
/** Kinds of files. */
export type Saved = "png" | "svg" | "csv";

/** What the visitor does. */
export interface TimelineActs {
  toggle(): void;
  step(direction: -1 | 1): void;
  /** From 1/4 to 4. */
  speed(speed: number): void;
  /** While the scrubber moves, and at its end. */
  scrub(step: number): void;
  scrubbed(): void;
  reseed(): void;
  walk(): void;
  reset(): void;
  pictures(): void;
  handles(): void;
  align(): void;
  save(kind: Saved): void;
}

/** `drags` are the steps at which handles were dragged; `aligned` is null where there is one network. */
interface State {
  playing: boolean;
  walking: boolean;
  step: number;
  reached: number;
  speed: number;
  seed: number;
  drags: number[];
  pictures: boolean;
  handles: boolean;
  aligned: boolean | null;
}

const KEYS = [
  ["Space", "play or pause"],
  [", .", "ten steps back or on"],
  ["← →", "the layer before or after"],
  ["Home End", "the first or the last layer"],
  ["I", "pictures or points"],
  ["H", "show or hide the handles"],
  ["L", "draw round samples (or Shift and drag)"],
  ["D", "make a handle of them"],
  ["X", "remove the handle made last"],
  ["+ − 0", "zoom in, out, show all"],
  ["Esc", "let go"],
];
const SAVES: [Saved, string, string, string][] = [
  ["png", "PNG", "picture", "The views as they are now, as a picture"],
  ["svg", "SVG", "drawing", "The views as they are now, as a drawing that can be edited"],
  ["csv", "CSV", "matrices", "The matrices that take the stored embeddings to these views, as a table"],
];
const ICONS = {
  play: '<path d="M5 3.2v9.6L12.6 8z" fill="currentColor"/>',
  pause: '<path d="M5.2 3.5v9M10.8 3.5v9" stroke-width="2"/>',
  back: '<path d="M11.5 3.8v8.4L5.6 8zM3.9 3.8v8.4"/>',
  on: '<path d="M4.5 3.8v8.4L10.4 8zM12.1 3.8v8.4"/>',
  dice: '<rect x="2.6" y="2.6" width="10.8" height="10.8" rx="2.2"/><path d="M5.6 5.6h0M10.4 5.6h0M8 8h0M5.6 10.4h0M10.4 10.4h0" stroke-width="1.9"/>',
  walk: '<circle cx="3.2" cy="8" r="1.5"/><path d="M6.2 8h6.6M10 5.2 12.8 8 10 10.8"/>',
  halt: '<rect x="4.2" y="4.2" width="7.6" height="7.6" rx="1.2"/>',
  reset: '<path d="M3.4 6.2A5 5 0 1 1 3 8.6M3 3.2v3.2h3.2"/>',
  pictures:
    '<rect x="2" y="2.75" width="12" height="10.5" rx="1.75"/><circle cx="5.6" cy="6.1" r="1.1"/><path d="M2.4 11.6 6 8.6l2.2 1.9 2.6-2.7 3 3"/>',
  handles: '<circle cx="8" cy="8" r="4.6"/><circle cx="8" cy="8" r="1.1" fill="currentColor"/>',
  align: '<circle cx="6" cy="8" r="4"/><circle cx="10" cy="8" r="4"/>',
  save: '<path d="M8 2.8v7M5.2 7.2 8 10l2.8-2.8M3 12.8h10"/>',
  help: '<path d="M5.7 6a2.3 2.3 0 1 1 3.5 2c-.8.5-1.2.9-1.2 1.8M8 12.6h0"/>',
};
const BUTTONS = `<div class="time-row">
  <div class="time-group">
    <button data-does="toggle" class="time-main"></button>
    <button data-does="back" data-icon="back" title="Ten steps back (,)"></button>
    <button data-does="on" data-icon="on" title="Ten steps on (.)"></button>
  </div>
  <label class="time-speed" title="Speed, from a quarter to four times">
    <input type="range" min="${-LIMITS.octaves}" max="${LIMITS.octaves}" step="0.25" aria-label="Speed"><output></output>
  </label>
  <div class="time-way">
    <svg preserveAspectRatio="none" aria-hidden="true"><path/></svg>
    <input type="range" min="0" step="1" aria-label="Step" title="How far the tour has come; a tick stands where a handle was dragged">
  </div>
  <output class="time-step"></output>
  <div class="time-group">
    <span class="time-seed" title="The seed: it decides which way the tour goes"></span>
    <button data-does="reseed" data-icon="dice"></button>
  </div>
  <div class="time-group">
    <button data-does="walk"></button>
    <button data-does="reset" data-icon="reset" title="Start again: step 0, nothing dragged, everything in sight"></button>
  </div>
  <div class="time-group">
    <button data-does="pictures" data-icon="pictures" title="Pictures instead of points (I)"></button>
    <button data-does="handles" data-icon="handles" title="Handles (H)"></button>
    <button data-does="align" data-icon="align" title="Turn the second network onto the first"></button>
  </div>
  <div class="time-group">
    <button data-opens="menu" data-icon="save" title="Save"></button>
    <button data-opens="keys" data-icon="help" title="Keys"></button>
  </div></div>
  <div class="time-menu" popover role="menu" aria-label="Save"></div>
  <div class="time-keys" popover role="dialog" aria-label="Keys"><dl></dl></div>`;

const drawIcon = (name: keyof typeof ICONS) => `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;

export class Timeline {
  private speed: HTMLInputElement;
  private way: HTMLInputElement;
  private held = false;
  private shown: Record<string, string | number | boolean | null> = {};

  constructor(
    private element: HTMLElement,
    private acts: TimelineActs,
  ) {
    element.classList.add("timeline");
    element.innerHTML = BUTTONS;
    this.speed = find(element, ".time-speed input");
    this.way = find(element, ".time-way input");
    for (const button of element.querySelectorAll("button")) {
      button.type = "button";
      if (button.dataset.icon) button.innerHTML = drawIcon(button.dataset.icon as keyof typeof ICONS);
      if (button.title) button.setAttribute("aria-label", button.title);
    }
    this.listen();
    this.fillMenu();
    this.fillKeys();
  }

  private find(name: string) {
    return find(this.element, name);
  }

  private does(name: string) {
    return this.find(`[data-does=${name}]`);
  }

  private listen() {
    const { acts } = this;
    const names = ["toggle", "reseed", "walk", "reset", "pictures", "handles", "align"] as const;
    for (const name of names) this.does(name).onclick = () => acts[name]();
    this.does("back").onclick = () => acts.step(-1);
    this.does("on").onclick = () => acts.step(1);
    this.speed.oninput = () => acts.speed(2 ** Number(this.speed.value));
    this.way.onpointerdown = () => (this.held = true);
    this.way.onpointerup = this.way.onpointercancel = () => (this.held = false);
    this.way.oninput = () => acts.scrub(Number(this.way.value));
    this.way.onchange = () => acts.scrubbed();
    this.element.onkeydown = (event) => this.press(event);
  }

  /** A focused control keeps the keys that it uses; all others go on to the tour. */
  private press(event: KeyboardEvent) {
    const { key } = event;
    const target = event.target as HTMLElement;
    const open = this.element.querySelector<HTMLElement>(":popover-open");
    const used = target.localName === "button" ? ["Enter", " "] : [...Object.keys(STRIDES), "PageUp", "PageDown"];
    if (target.role === "menuitem") walk(event, [...this.find(".time-menu").children] as HTMLElement[]);
    if (used.includes(key)) event.stopPropagation();
    if (!open || key !== "Escape") return;
    open.hidePopover();
    event.preventDefault();
    event.stopPropagation();
  }

  // --- what is shown -----------------------------------------------------------------------------

  /** May be called every frame: what has not changed is left alone. */
  show({ playing, walking, step, reached, speed, seed, drags, pictures, handles, aligned }: State) {
    const whole = Math.round(step);
    const most = Math.max(Math.ceil(reached), whole, LIMITS.least);
    this.change("playing", playing, () => {
      if (playing) this.label("toggle", "pause", "Pause (Space)");
      else this.label("toggle", "play", "Play (Space)");
    });
    this.change("walking", walking, () => {
      if (walking) this.label("walk", "halt", "End the walk (Escape)");
      else this.label("walk", "walk", "Walk through the layers to the output");
      this.does("walk").classList.toggle("active", walking);
    });
    this.change("speed", speed, () => {
      this.speed.value = String(Math.log2(speed));
      const text = `${Number(speed.toFixed(2))}×`;
      this.find(".time-speed output").textContent = text;
      this.speed.setAttribute("aria-valuetext", text);
    });
    this.change("seed", seed, () => {
      this.find(".time-seed").textContent = `seed ${seed}`;
      const title = `Another seed at random (now ${seed})`;
      Object.assign(this.does("reseed"), { title, ariaLabel: title });
    });
    this.showWay(whole, most, drags);
    for (const [name, on] of Object.entries({ pictures, handles, align: aligned })) {
      this.change(name, on, () => {
        this.does(name).hidden = on === null;
        this.does(name).setAttribute("aria-pressed", String(on === true));
      });
    }
  }

  /** While the scrubber is held it is where the visitor has it, and its length stays. */
  private showWay(step: number, most: number, drags: number[]) {
    this.change("step", step, () => (this.find(".time-step").textContent = `step ${step}`));
    if (this.held) return;
    this.change("most", most, () => {
      this.way.max = String(most);
      this.find(".time-way svg").setAttribute("viewBox", `0 0 ${most} 1`);
    });
    this.change("at", `${step} ${most}`, () => {
      this.way.value = String(step);
      this.way.style.setProperty("--at", String(step / most));
    });
    this.change("drags", drags.join(), () => {
      this.find(".time-way path").setAttribute("d", drags.map((drag) => `M${drag} 0v1`).join(""));
    });
  }

  private change(name: string, value: string | number | boolean | null, draw: () => void) {
    if (this.shown[name] === value) return;
    this.shown[name] = value;
    draw();
  }

  private label(name: string, icon: keyof typeof ICONS, title: string) {
    const button = this.does(name);
    button.innerHTML = drawIcon(icon);
    Object.assign(button, { title, ariaLabel: title });
  }

  // --- what opens --------------------------------------------------------------------------------

  /** The browser closes them by itself at a click elsewhere. */
  private open(name: "menu" | "keys") {
    const button = find<HTMLButtonElement>(this.element, `[data-opens=${name}]`);
    const box = this.find(`.time-${name}`);
    button.popoverTargetElement = box;
    box.onbeforetoggle = ({ newState }) => {
      if (newState !== "open") return;
      const { right, top } = button.getBoundingClientRect();
      Object.assign(box.style, { right: `${innerWidth - right}px`, bottom: `${innerHeight - top + 8}px` });
    };
    return box;
  }

  private fillMenu() {
    const menu = this.open("menu");
    this.find("[data-opens=menu]").setAttribute("aria-haspopup", "menu");
    for (const [kind, name, what, title] of SAVES) {
      const item = make("button", "time-save", name);
      Object.assign(item, { type: "button", role: "menuitem", title, tabIndex: -1 });
      item.append(make("span", "", what));
      item.onclick = () => {
        menu.hidePopover();
        this.acts.save(kind);
      };
      menu.append(item);
    }
    menu.ontoggle = ({ newState }) => newState === "open" && (menu.firstElementChild as HTMLElement).focus();
  }

  private fillKeys() {
    const keys = find(this.open("keys"), "dl");
    for (const [key, does] of KEYS) keys.append(make("dt", "", key), make("dd", "", does));
  }
}
