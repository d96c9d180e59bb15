// One tile: the picture, an explanation over it, ground truth over both, and what is said below.
import { remember } from "../base/channel";
import { make } from "../base/elements";
import type { Column, Data, Method } from "./explanation_tiles";

const IMAGES = ["picture", "layer", "shade", "outline"] as const;

/** What all tiles share; it outlives a sample that is unpinned. */
export const settings = remember("explanation tiles", {
  opacity: {} as Record<string, number>,
  outline: false,
  shade: false,
});

function percent(share: number) {
  if (share > 0 && share < 0.005) return "<1 %";
  return `${Math.round(share * 100)} %`;
}

export class ExplanationTile {
  readonly element = make("figure");
  readonly stack = make("button", "stack");
  readonly name: HTMLElement;
  readonly slider = make("input");
  private images = Object.fromEntries(IMAGES.map((name) => [name, make("img", name)]));
  private sources: Partial<Record<(typeof IMAGES)[number], string>> = {};
  private state = make("span", "state");
  private share = make("b", "share");

  /** Without a method, the picture alone. */
  constructor(
    readonly method: Method | null,
    onSlide: (key: string, opacity: number) => void,
  ) {
    this.stack.type = "button";
    for (const image of Object.values(this.images)) Object.assign(image, { alt: "", hidden: true });
    this.stack.append(...Object.values(this.images), this.state);
    const caption = make("figcaption");
    this.name = make("span", "name", method ? method.name : "Picture");
    caption.append(this.name, this.share);
    this.element.append(this.stack, caption);
    if (!method) return;
    this.element.dataset.method = method.key;
    this.name.title = method.note;
    Object.assign(this.slider, { type: "range", min: 0, max: 100, step: 1 });
    this.slider.oninput = () => onSlide(method.key, this.slider.valueAsNumber / 100);
    this.element.append(this.slider);
  }

  /** `column` is what is explained; `of` names it where tiles of two stand side by side. */
  show(data: Data, column: Column, of: boolean) {
    const { method } = this;
    const source = method ? column.layers[method.key] : undefined;
    this.set("picture", data.picture);
    this.set("layer", source);
    this.set("shade", data.truth?.shade);
    this.set("outline", data.truth?.outline);
    const what = method ? `${method.name}${of ? `, ${column.name}` : ""}` : "Picture";
    this.stack.setAttribute("aria-label", `${what} of ${data.name}: enlarge`);
    this.stack.title = "Enlarge";
    if (method) {
      this.slider.setAttribute("aria-label", `Opacity of ${what}`);
      this.slider.title = "Opacity";
    }
    const waits = method !== null && !source;
    const problem = waits ? column.problem : null; // the line itself stands once below all tiles
    this.state.textContent = !waits ? "" : problem ? "not available" : "computing …";
    this.state.title = problem ?? "";
    this.element.classList.toggle("fails", Boolean(problem));
    this.element.classList.toggle("waits", waits);
    this.element.setAttribute("aria-busy", String(waits && !problem));
    this.showShare(data, column);
    this.apply();
  }

  /** Opacity, outline and mask: what changes without new data. */
  apply() {
    const { images, sources, method } = this;
    const opacity = method ? (settings.opacity[method.key] ?? method.opacity) : 0;
    images.picture.hidden = !sources.picture;
    images.layer.hidden = !sources.layer;
    images.layer.style.opacity = String(opacity);
    images.shade.hidden = !sources.shade || !settings.shade;
    images.outline.hidden = !sources.outline || !settings.outline;
    if (!method) return;
    const value = Math.round(opacity * 100);
    if (this.slider.valueAsNumber !== value) this.slider.value = String(value);
    this.slider.style.setProperty("--value", `${value}%`);
    this.slider.setAttribute("aria-valuetext", `${value} %`);
  }

  private set(name: (typeof IMAGES)[number], source: string | undefined) {
    if (this.sources[name] === source) return;
    this.sources[name] = source;
    if (source) this.images[name].src = source;
    else this.images[name].removeAttribute("src");
  }

  private showShare({ truth }: Data, column: Column) {
    const share = this.method ? column.shares[this.method.key] : truth?.covered;
    this.share.hidden = !truth || share === undefined;
    if (!truth || share === undefined) return;
    const covered = percent(truth.covered);
    if (!this.method) {
      this.share.textContent = `object ${covered}`;
      this.share.title = `The object covers ${covered} of the picture`;
    } else if (share === null) {
      this.share.textContent = "–";
      this.share.title = "It is zero everywhere";
    } else {
      this.share.textContent = percent(share);
      this.share.title = `${percent(share)} of this explanation falls on the object, which covers ${covered} of the picture`;
    }
  }
}
