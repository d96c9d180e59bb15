// The guided tour: driver.js lights up one part of the page after another, and the part stays usable.
import { type Driver, type DriveStep, driver, type PopoverDOM } from "driver.js";
import driverStyle from "driver.js/dist/driver.css?text";
import { make } from "../base/elements";
import { findDeep, focusNext, listHosts } from "../base/focus";
import { isShortcut } from "../base/keys";
import tourStyle from "./tour.css?text";

const ACTIVE = "data-tour-active";
const LEFT = ["aria-haspopup", "aria-expanded", "aria-controls"]; // by driver.js
const MARGIN = 6; // pixels of light around the part
const OPEN = "[role=listbox], [role=menu], [role=dialog]:not(.driver-popover)"; // over the page: they have the keys
const TURNS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1 };

// Below a wide part the card goes to its right end, where it does not cover the plot that is to be watched.
const ALIGN = { left: "start", right: "start", top: "center", bottom: "end" } as const;

export interface TourStep {
  /** A selector, which goes into shadow roots by `>>>`; empty for the middle of the page. */
  target: string;
  title: string;
  text: string;
  side: keyof typeof ALIGN;
}

export class Tour {
  private steps: TourStep[];
  private driver: Driver;
  private marked: Element[] = [];
  private observer = new ResizeObserver(() => this.follow());
  private onKey = (event: KeyboardEvent) => this.press(event);
  private onTab = (event: KeyboardEvent) => event.key === "Tab" && event.stopImmediatePropagation(); // driver.js has a trap

  constructor(
    steps: TourStep[],
    private onEnd: () => void,
  ) {
    this.steps = steps.filter(({ target }) => !target || isShown(findDeep(target)));
    addStyle();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.driver = driver({
      steps: this.steps.map(describe),
      animate: !calm,
      smoothScroll: !calm,
      duration: 280,
      overlayColor: "#06080a",
      overlayOpacity: 0.58,
      stagePadding: MARGIN,
      stageRadius: 12,
      popoverOffset: 8,
      popoverClass: "layerscope-tour",
      showProgress: true,
      progressText: "{{current}} of {{total}}",
      nextBtnText: "Next",
      prevBtnText: "Back",
      doneBtnText: "Done",
      skipMissingElement: true,
      disableActiveInteraction: false,
      allowKeyboardControl: false, // its arrow keys would turn the page while the map is walked through
      onPopoverRender: (popover, { index = 0 }) => this.fill(popover, index),
      onHighlightStarted: (element) => this.mark(element),
      onHighlighted: (element) => element && this.observer.observe(element),
      onDestroyStarted: () => this.end(),
    });
  }

  get isActive() {
    return this.driver.isActive();
  }

  start() {
    addEventListener("keydown", this.onKey, true);
    addEventListener("keydown", this.onTab); // before driver.js adds its own
    this.driver.drive();
  }

  end() {
    removeEventListener("keydown", this.onKey, true);
    removeEventListener("keydown", this.onTab);
    this.mark(undefined);
    this.driver.destroy();
    queueMicrotask(this.onEnd); // driver.js gives the focus back first, to what is gone
  }

  /** driver.js takes HTML; what is said goes in as text. */
  private fill({ wrapper, title, description, progress, nextButton, closeButton }: PopoverDOM, index: number) {
    const step = this.steps[index];
    title.textContent = step.title;
    description.replaceChildren(...write(step.text));
    progress.setAttribute("aria-label", `Step ${index + 1} of ${this.steps.length}`);
    closeButton.setAttribute("aria-label", "End the tour");
    wrapper.style.setProperty("--done", String((index + 1) / this.steps.length));
    queueMicrotask(() => nextButton.focus({ preventScroll: true })); // not the closing cross, which comes first
  }

  /**
   * An attribute besides the class of driver.js: a rerun may write classes anew, and the hosts of shadow roots need it
   * too. driver.js does not find what it has marked within them, so that is taken off here.
   */
  private mark(element: Element | undefined) {
    this.observer.disconnect();
    this.marked[0]?.classList.remove("driver-active-element");
    for (const name of LEFT) this.marked[0]?.removeAttribute(name);
    for (const each of this.marked) each.removeAttribute(ACTIVE);
    this.marked = element ? listHosts(element) : [];
    for (const each of this.marked) each.setAttribute(ACTIVE, "");
  }

  /** A rerun may have changed the size of what is lit, or put another in its place. */
  private follow() {
    const index = this.driver.getActiveIndex();
    if (this.driver.getActiveElement()?.isConnected) this.driver.refresh();
    else if (index !== undefined) this.driver.moveTo(index);
  }

  /** Keys that go to the part that is lit are its own, except those that lead out of it. */
  private press(event: KeyboardEvent) {
    if (isShortcut(event) || document.querySelector(OPEN)) return;
    const part = this.driver.getActiveElement();
    if (event.key === "Tab") {
      const popover: Element | undefined = this.driver.getState("popover")?.wrapper;
      focusNext(
        [popover, part].filter((each) => each !== undefined),
        event.shiftKey,
      );
    } else if (event.key === "Escape") this.end();
    else if (event.key in TURNS && !(part && event.composedPath().includes(part))) this.turn(TURNS[event.key]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  private turn(by: number) {
    if (by > 0) this.driver.moveNext();
    else if (this.driver.hasPreviousStep()) this.driver.movePrevious();
  }
}

function describe({ target, side }: TourStep): DriveStep {
  return {
    // Where it is gone, driver.js goes on to the next step.
    element: target ? () => findDeep(target) as Element : undefined,
    popover: { title: " ", description: " ", side, align: ALIGN[side] },
  };
}

function isShown(element: Element | null) {
  const { width, height } = element?.getBoundingClientRect() ?? { width: 0, height: 0 };
  return width > 0 && height > 0;
}

/** Text with pieces between backticks, as nodes. */
const write = (text: string) => text.split("`").map((piece, i) => (i % 2 ? make("kbd", "", piece) : piece));

function addStyle() {
  if (document.getElementById("layerscope-tour-style")) return;
  const style = make("style", "", driverStyle + tourStyle);
  style.id = "layerscope-tour-style";
  document.head.append(style);
}
