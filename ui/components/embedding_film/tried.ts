// Layouts that were tried, as buttons that go back to them.
import { clearCanvas } from "../base/canvas";
import { find, make } from "../base/elements";
import { type Figure, fillFigures } from "./figures";
import { type LinkedSamples, paintLayout, placeLayout } from "./layout_plot";

const SIDE = 66; // pixels, as in the style

export interface TriedTile {
  id: string;
  title: string;
  note: string;
  figures: Figure[];
  isShown: boolean;
}

/** Told what is clicked. */
interface Acts {
  choose(id: string): void;
  ladder(): void;
}

export class TriedStrip {
  private none: HTMLElement;
  private more = make("button", "act ladder");
  private buttons = new Map<string, HTMLButtonElement>();

  constructor(
    private element: HTMLElement,
    private acts: Acts,
  ) {
    this.none = find(element, ".none");
    Object.assign(this.more, { type: "button", onclick: () => acts.ladder() });
  }

  show(tiles: TriedTile[], steps: Int16Array, samples: LinkedSamples, more: string) {
    const size = 2 * samples.n;
    const known = this.buttons;
    this.buttons = new Map(tiles.map(({ id }) => [id, known.get(id) ?? this.build(id)]));
    const buttons = [...this.buttons.values()];
    tiles.forEach((tile, i) => this.fill(buttons[i], tile, steps.subarray(i * size, (i + 1) * size), samples));
    this.none.hidden = tiles.length > 0;
    this.more.hidden = !more;
    this.more.textContent = more;
    const wanted = [this.none, ...buttons, this.more];
    const { children } = this.element;
    const same = wanted.length === children.length && wanted.every((each, i) => each === children[i]);
    if (!same) this.element.replaceChildren(...wanted); // moving a button takes the focus from it
  }

  private build(id: string) {
    const button = make("button", "tile");
    button.type = "button";
    button.innerHTML = `<canvas></canvas><div><h4></h4><p></p><div class="figures"></div></div>`;
    button.onclick = () => this.acts.choose(id);
    return button;
  }

  private fill(button: HTMLElement, tile: TriedTile, steps: Int16Array, samples: LinkedSamples) {
    const { title, note, figures, isShown } = tile;
    button.setAttribute("aria-pressed", String(isShown));
    find(button, "h4").textContent = title;
    find(button, "p").textContent = note;
    const told = figures.map((figure) => figure.join(" ")).join(", ");
    button.setAttribute("aria-label", `Perplexity ${title}, ${note}: ${told}`);
    fillFigures(find(button, ".figures"), figures);
    const ink = clearCanvas(find<HTMLCanvasElement>(button, "canvas"), SIDE, SIDE);
    paintLayout(ink, samples, placeLayout(steps, SIDE, SIDE, 6), samples.n > 150 ? 1.5 : 1.9);
  }
}
