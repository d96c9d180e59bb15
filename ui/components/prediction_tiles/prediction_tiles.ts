// Pictures with a prediction each. Tab reaches one tile, its picture and its "Why?"; arrows go to the others.
import { mount, type Send } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import "./prediction_tiles.css";

interface Prediction {
  uid: number;
  picture: string;
  true: string;
  predicted: string;
  true_color: string;
  confidence: number;
  is_wrong: boolean;
}

interface Data {
  tiles: Prediction[];
  label: string;
}

type Triggers = { open: number; explain: number };

class PredictionTiles {
  private list: HTMLElement;
  private content = "";

  constructor(
    root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.list = find(root, ".tiles");
    this.list.addEventListener("focusin", ({ target }) => this.rove(tileOf(target)));
    this.list.onkeydown = (event) => this.press(event);
  }

  show(data: Data) {
    const content = JSON.stringify(data);
    if (content !== this.content) {
      this.list.setAttribute("aria-label", data.label);
      this.list.replaceChildren(...data.tiles.map((each) => this.build(each)));
    }
    this.content = content;
    const focused = tileOf((this.list.getRootNode() as ShadowRoot).activeElement);
    this.rove(focused ?? this.tiles[0]);
  }

  stop() {}

  private get tiles() {
    return [...this.list.children];
  }

  private build(prediction: Prediction) {
    const tile = make("div", `tile ${prediction.is_wrong ? "wrong" : "right"}`);
    tile.dataset.uid = String(prediction.uid);
    tile.style.setProperty("--true", prediction.true_color);
    const open = make("button", "open");
    const explain = make("button", "why", "Why?");
    open.type = explain.type = "button";
    open.onclick = () => this.send("open", prediction.uid);
    explain.onclick = () => this.send("explain", prediction.uid);
    const confidence = prediction.confidence.toFixed(3);
    const number = String(prediction.uid).padStart(4, "0");
    const said = `${prediction.true}, predicted as ${prediction.predicted} at ${confidence}`;
    open.title = `Sample ${number}: ${said}. Pin it in the Explorer`;
    open.setAttribute("aria-label", open.title);
    explain.title = "Explain this prediction on the Explain page";
    explain.setAttribute("aria-label", `Why ${prediction.predicted}? Explain sample ${number}`);
    const image = make("img");
    Object.assign(image, { src: prediction.picture, alt: "" });
    open.append(image);
    const foot = make("div", "foot");
    const sure = make("div", "sure");
    const fill = make("i");
    fill.style.width = `${100 * clamp(0, prediction.confidence, 1)}%`;
    sure.append(fill);
    foot.append(sure, make("b", "", confidence), explain);
    tile.append(
      open,
      makeLine("is", "true", prediction.true),
      makeLine("said", "predicted", prediction.predicted),
      foot,
    );
    return tile;
  }

  private rove(current: Element | null) {
    for (const tile of this.tiles) {
      for (const each of tile.querySelectorAll("button")) each.tabIndex = tile === current ? 0 : -1;
    }
  }

  private press(event: KeyboardEvent) {
    const { tiles } = this;
    const at = tiles.indexOf(tileOf(event.target)!);
    const abreast = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const last = tiles.length - 1;
    const places: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - abreast,
      ArrowDown: at + abreast,
      Home: 0,
      End: last,
    };
    if (at < 0 || !(event.key in places) || isShortcut(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    find(tiles[clamp(0, places[event.key], last)], ".open").focus();
  }
}

const tileOf = (target: EventTarget | null) => (target instanceof Element ? target.closest(".tile") : null);

function makeLine(name: string, word: string, text: string) {
  const line = make("div", `line ${name}`);
  const value = make("span", "", text);
  value.title = text;
  line.append(make("em", "", word), value);
  return line;
}

export default mount(PredictionTiles);
