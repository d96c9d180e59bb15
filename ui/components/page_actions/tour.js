// The guided tour: driver.js lights up one part of the page after another, and the part stays usable.

const ACTIVE = "data-tour-active";
const LEFT = ["aria-haspopup", "aria-expanded", "aria-controls"]; // by driver.js
const MARGIN = 6; // pixels of light around the part
const OPEN = "[role=listbox], [role=menu], [role=dialog]:not(.driver-popover)"; // over the page: they have the keys
const TURNS = { ArrowRight: 1, ArrowLeft: -1 };

class Tour {
  constructor(steps, onEnd) {
    this.steps = steps.filter(({ target }) => !target || (find(target) && isShown(find(target))));
    this.onEnd = onEnd;
    this.marked = [];
    this.observer = new ResizeObserver(() => this.follow());
    this.onKey = (event) => this.press(event);
    this.onTab = (event) => event.key === "Tab" && event.stopImmediatePropagation(); // driver.js has a trap
    addStyle();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.driver = vendored.driver.js.driver({
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
      onPopoverRender: (popover, { index }) => this.fill(popover, index),
      onHighlightStarted: (element) => this.mark(element),
      onHighlighted: (element) => element && this.observer.observe(element),
      onDestroyStarted: () => this.end(),
    });
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

  // driver.js takes HTML; what is said goes in as text.
  fill({ wrapper, title, description, progress, nextButton, closeButton }, index) {
    const step = this.steps[index];
    title.textContent = step.title;
    description.replaceChildren(...write(step.text));
    progress.setAttribute("aria-label", `Step ${index + 1} of ${this.steps.length}`);
    closeButton.setAttribute("aria-label", "End the tour");
    wrapper.style.setProperty("--done", (index + 1) / this.steps.length);
    queueMicrotask(() => nextButton.focus({ preventScroll: true })); // not the closing cross, which comes first
  }

  // An attribute besides the class of driver.js: a rerun may write classes anew, and the hosts of shadow
  // roots need it too. driver.js does not find what it has marked within them, so that is taken off here.
  mark(element) {
    this.observer.disconnect();
    this.marked[0]?.classList.remove("driver-active-element");
    for (const name of LEFT) this.marked[0]?.removeAttribute(name);
    for (const each of this.marked) each.removeAttribute(ACTIVE);
    this.marked = element ? listHosts(element) : [];
    for (const each of this.marked) each.setAttribute(ACTIVE, "");
  }

  // A rerun may have changed the size of what is lit, or put another in its place.
  follow() {
    if (this.driver.getActiveElement()?.isConnected) this.driver.refresh();
    else this.driver.moveTo(this.driver.getActiveIndex());
  }

  // Keys that go to the part that is lit are its own, except those that lead out of it.
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector(OPEN)) return;
    const part = this.driver.getActiveElement();
    if (event.key === "Tab") {
      const popover = this.driver.getState("popover")?.wrapper;
      focusNext([popover, part].filter(Boolean), event.shiftKey);
    } else if (event.key === "Escape") this.end();
    else if (event.key in TURNS && !event.composedPath().includes(part)) this.turn(TURNS[event.key]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  turn(by) {
    if (by > 0) this.driver.moveNext();
    else if (this.driver.hasPreviousStep()) this.driver.movePrevious();
  }
}

// Below a wide part the card goes to its right end, where it does not cover the plot that is to be watched.
const ALIGN = { left: "start", right: "start", top: "center", bottom: "end" };

function describe({ target, side }) {
  return {
    element: target ? () => find(target) : undefined,
    popover: { title: " ", description: " ", side, align: ALIGN[side] },
  };
}

// Text with pieces between backticks, as nodes.
function write(text) {
  return text.split("`").map((piece, i) => {
    if (i % 2 === 0) return piece;
    const key = document.createElement("kbd");
    key.textContent = piece;
    return key;
  });
}

function addStyle() {
  if (document.getElementById("layerscope-tour-style")) return;
  const style = document.createElement("style");
  style.id = "layerscope-tour-style";
  style.textContent = TOUR_STYLE;
  document.head.append(style);
}
