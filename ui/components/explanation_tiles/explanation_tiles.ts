// The tiles of one class, or of two side by side. Whatever needs the model comes later: the page asks for it, again and
// again until it is there.
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { Poll } from "../base/poll";
import "./explanation_tiles.css";
import { ExplanationTile, settings } from "./tile";

export interface Method {
  key: string;
  name: string;
  opacity: number;
  note: string;
}

export interface Column {
  name: string;
  probability: number;
  layers: Record<string, string>;
  shares: Record<string, number | null>;
  problem: string | null;
}

export interface Data {
  picture: string;
  name: string;
  methods: Method[];
  columns: Column[];
  truth: { outline: string; shade: string; parts: [string, string][]; covered: number } | null;
  token: string;
  waits: boolean;
}

type Triggers = { ask: string };

const AGAIN = [500, 700, 1000, 1500]; // milliseconds between questions

class ExplanationTiles {
  private data!: Data;
  private layout = "";
  private asked = "";
  private tiles: { tile: ExplanationTile; place: number }[] = [];
  private enlarged: EnlargedTile;
  private toggles: HTMLButtonElement[];
  private poll = new Poll(() => this.send("ask", this.data.token));

  constructor(
    private root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.enlarged = new EnlargedTile(find(root, "dialog"), this.slide);
    this.toggles = [...root.querySelectorAll<HTMLButtonElement>(".toggles button")];
    for (const button of this.toggles) {
      button.onclick = () => {
        const layer = layerOf(button);
        settings[layer] = !settings[layer];
        this.apply();
      };
    }
  }

  stop() {
    this.poll.stop();
    this.enlarged.close();
  }

  show(data: Data) {
    const layout = JSON.stringify([data.columns.length, data.methods]);
    if (layout !== this.layout) this.build(data);
    this.layout = layout;
    this.data = data;
    const compares = data.columns.length > 1;
    find(this.root, ".explanations").classList.toggle("compares", compares);
    this.fillHeads(data, compares);
    for (const { tile, place } of this.tiles) tile.show(data, data.columns[place], compares);
    const problem = data.columns.find((column) => column.problem)?.problem;
    find(this.root, ".problem").textContent = problem ?? "";
    find(this.root, ".problem").hidden = !problem;
    find(this.root, ".toggles").hidden = !data.truth;
    const chips = (data.truth?.parts ?? []).map(([name, color]) => {
      const chip = make("li", "", name);
      chip.style.setProperty("--color", color);
      return chip;
    });
    find(this.root, ".parts").replaceChildren(...chips);
    this.enlarged.show(data);
    this.apply();
    const asked = data.waits ? data.token : "";
    if (asked === this.asked) return; // it has been asked for: drawn without it once more, it has its time
    this.asked = asked;
    this.poll.stop();
    if (!asked) return;
    this.send("ask", asked);
    this.poll.start(...AGAIN);
  }

  private slide = (key: string, opacity: number) => {
    settings.opacity[key] = opacity;
    this.apply();
  };

  private build(data: Data) {
    const places = data.columns.map((_, place) => place);
    const rows = data.methods.flatMap((method) => places.map((place) => ({ method, place })));
    const wanted = places.length > 1 ? rows : [{ method: null, place: 0 }, ...rows];
    this.tiles = wanted.map(({ method, place }) => {
      const tile = new ExplanationTile(method, this.slide);
      tile.stack.onclick = () => {
        this.enlarged.open(method, place);
        this.enlarged.show(this.data);
      };
      // Side by side, both of a row have one slider: it would say the same twice.
      if (place > 0) tile.name.replaceWith(tile.slider);
      else if (places.length > 1) tile.slider.remove();
      return { tile, place };
    });
    find(this.root, ".tiles").replaceChildren(...this.tiles.map(({ tile }) => tile.element));
  }

  private fillHeads({ columns }: Data, compares: boolean) {
    const words = compares ? ["why", "why not"] : [""];
    const heads = columns.map(({ name, probability }, place) => {
      const head = make("p", `head place-${place}`);
      head.title = name;
      const figure = make("span", "figure", probability.toFixed(2));
      head.append(make("i"), make("span", "", words[place]), make("b", "", name), figure);
      return head;
    });
    find(this.root, ".heads").hidden = !compares;
    find(this.root, ".heads").replaceChildren(...(compares ? heads : []));
    find(this.root, ".of").replaceChildren(...(compares ? ["this, and not that"] : heads[0].childNodes));
    find(this.root, ".of").title = compares ? "" : columns[0].name;
  }

  private apply() {
    for (const { tile } of this.tiles) tile.apply();
    this.enlarged.apply();
    for (const button of this.toggles) button.setAttribute("aria-pressed", String(settings[layerOf(button)]));
    find(this.root, ".parts").hidden = !this.data.truth || !settings.outline;
  }
}

const layerOf = (button: HTMLButtonElement) => button.dataset.layer as "outline" | "shade";

/** One tile over the whole page, as large as it fits. */
class EnlargedTile {
  private tile?: ExplanationTile;
  private place = 0;

  constructor(
    private dialog: HTMLDialogElement,
    private onSlide: (key: string, opacity: number) => void,
  ) {
    dialog.onclick = (event) => {
      if (!(event.target instanceof HTMLInputElement)) dialog.close();
    };
    dialog.onclose = () => {
      this.tile = undefined;
    };
    dialog.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  }

  open(method: Method | null, place: number) {
    this.place = place;
    this.tile = new ExplanationTile(method, this.onSlide);
    this.dialog.replaceChildren(this.tile.element);
  }

  show(data: Data) {
    if (!this.tile) return;
    const column = data.columns[this.place] ?? data.columns[0];
    this.tile.show(data, column, true);
    const { method, name, stack } = this.tile;
    name.textContent = method ? `${method.name}, ${column.name}` : data.name;
    stack.setAttribute("aria-label", "Close");
    stack.title = "Close";
    if (!this.dialog.open) this.dialog.showModal();
  }

  apply() {
    this.tile?.apply();
  }

  close() {
    if (this.dialog.open) this.dialog.close();
  }
}

export default mount(ExplanationTiles);
