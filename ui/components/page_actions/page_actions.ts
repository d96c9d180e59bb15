// Two buttons: one copies the address of this view, one begins the tour of the page.
import { mount } from "../base/component";
import { find } from "../base/elements";
import { copy } from "./copy";
import { Tour, type TourStep } from "./tour";
import "./page_actions.css";

const SHOWN = 1600; // milliseconds that the answer stands on the button

interface Data {
  steps: TourStep[];
}

class PageActions {
  private copier: HTMLButtonElement;
  private guide: HTMLButtonElement;
  private tour?: Tour;
  private timer?: ReturnType<typeof setTimeout>;

  constructor(private root: ShadowRoot) {
    this.copier = find(root, "button.copy");
    this.guide = find(root, "button.tour");
    this.copier.onclick = async () => this.answer(await copy(location.href));
  }

  show({ steps }: Data) {
    this.guide.hidden = !steps.length;
    this.guide.onclick = () => {
      this.endTour();
      this.tour = new Tour(steps, () => this.guide.focus());
      this.tour.start();
    };
  }

  stop() {
    clearTimeout(this.timer);
    this.endTour();
  }

  private endTour() {
    if (this.tour?.isActive) this.tour.end();
  }

  private answer(copied: boolean) {
    const { copier } = this;
    const said = find(this.root, ".said");
    find(this.root, ".after").textContent = copied ? "Copied" : "Not copied";
    said.textContent = copied ? "Link copied" : "The link could not be copied";
    copier.classList.add("answered");
    copier.classList.toggle("failed", !copied);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      copier.classList.remove("answered", "failed");
      said.textContent = "";
    }, SHOWN);
  }
}

export default mount(PageActions);
