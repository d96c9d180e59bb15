// The tools at the side of a plot, and how many samples its lasso has caught.
import { make } from "../base/elements";

const ICONS = {
  pictures:
    '<rect x="2" y="2.75" width="12" height="10.5" rx="1.75"/><circle cx="5.6" cy="6.1" r="1.1"/><path d="M2.4 11.6 6 8.6l2.2 1.9 2.6-2.7 3 3"/>',
  lasso:
    '<path d="M4.7 9.9C3 9.3 1.9 8.1 1.9 6.7c0-2.2 2.7-4 6.1-4s6.1 1.8 6.1 4-2.7 4-6.1 4c-.7 0-1.3-.1-1.9-.2"/><circle cx="5.3" cy="10.4" r="1.3"/><path d="M5 11.7c.1 1-.3 1.7-1.2 2.1"/>',
  in: '<path d="M8 3.5v9M3.5 8h9"/>',
  out: '<path d="M3.5 8h9"/>',
  reset:
    '<path d="M2.5 5.75V4A1.5 1.5 0 0 1 4 2.5h1.75M10.25 2.5H12A1.5 1.5 0 0 1 13.5 4v1.75M13.5 10.25V12a1.5 1.5 0 0 1-1.5 1.5h-1.75M5.75 13.5H4A1.5 1.5 0 0 1 2.5 12v-1.75"/><circle cx="8" cy="8" r="1.4"/>',
  group: '<circle cx="8" cy="8" r="5"/><path d="M8 5.8v4.4M5.8 8h4.4"/>',
  clear: '<path d="m4.5 4.5 7 7M11.5 4.5l-7 7"/>',
};

/** What the visitor asks for. */
interface Acts {
  zoomBy(factor: number): void;
  fit(): void;
  /** Lets go of what the lasso has caught. */
  clear(): void;
  /** Without it there is no such tool. */
  pictures?(): void;
  group?(): void;
}

export class Tools {
  /** Whether the lasso is taken. */
  lassoes = false;
  private bar = make("div", "tools");
  private caught = make("div", "caught");
  private count = make("span");
  private buttons = new Map<keyof typeof ICONS, HTMLButtonElement>();

  /** At the end of a box; `fits` says what the button does that shows all again. */
  constructor(
    private box: HTMLElement,
    acts: Acts,
    label: string,
    fits: string,
  ) {
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", label);
    this.bar.setAttribute("aria-orientation", "vertical");
    const { pictures, group } = acts;
    if (pictures) this.bar.append(this.build("pictures", "Pictures instead of points (I)", pictures));
    this.bar.append(
      this.build("lasso", "Lasso (L, or Shift and drag)", () => this.toggleLasso()),
      make("hr"),
      this.build("in", "Zoom in (+)", () => acts.zoomBy(1.5)),
      this.build("out", "Zoom out (−)", () => acts.zoomBy(1 / 1.5)),
      this.build("reset", `${fits} (0 or double click)`, () => acts.fit(), "Reset view"),
    );
    this.press("pictures", false);
    this.press("lasso", false);
    this.caught.setAttribute("role", "status");
    this.caught.hidden = true;
    this.caught.append(this.count);
    if (group) this.caught.append(this.build("group", "Make a handle of them (D)", group));
    this.caught.append(this.build("clear", "Let them go (Escape)", () => acts.clear(), "Clear the lasso"));
    box.append(this.bar, this.caught);
  }

  toggleLasso() {
    this.lassoes = !this.lassoes;
    this.press("lasso", this.lassoes);
    this.box.classList.toggle("lassoing", this.lassoes);
  }

  press(name: "pictures" | "lasso", pressed: boolean) {
    this.buttons.get(name)?.setAttribute("aria-pressed", String(pressed));
  }

  /** Where a tool is pointed at. */
  onPoint(name: "pictures", act: () => void) {
    this.buttons.get(name)?.addEventListener("pointerenter", act);
  }

  tellCaught({ length }: { length: number }) {
    this.caught.hidden = !length;
    this.count.textContent = length === 1 ? "1 sample" : `${length} samples`;
  }

  /** Whether there is anything to reset. */
  tellMoved(moved: boolean) {
    this.buttons.get("reset")?.classList.toggle("needed", moved);
  }

  private build(name: keyof typeof ICONS, title: string, act: () => void, label = title.replace(/ \(.*/, "")) {
    const button = make("button", name);
    Object.assign(button, { type: "button", title, ariaLabel: label, onclick: act });
    button.innerHTML = `<svg viewBox="0 0 16 16">${ICONS[name]}</svg>`;
    this.buttons.set(name, button);
    return button;
  }
}
