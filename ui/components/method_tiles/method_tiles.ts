// Methods side by side. While some are computed the page asks again and again how far they are.
import { remember } from "../base/channel";
import { mount, type Send } from "../base/component";
import { find } from "../base/elements";
import { Poll } from "../base/poll";
import { MethodTile } from "./method_tile";
import "./method_tiles.css";

export interface Method {
  key: string;
  name: string;
  state: string;
  is_long: boolean;
  layers: string[];
  done: number;
  total: number;
  note: string;
}

export interface Data {
  picture: string;
  tiles: Method[];
  open: string;
  sides: string[];
  token: string;
  waits: boolean;
}

export type Triggers = { open: string; compute: string; cancel: string; tick: string };

const PAUSES = [250, 400, 700, 1000]; // milliseconds before a question; the last goes on
const PATIENCE = 1500; // milliseconds without a question after a click
const AGAIN = 800; // an answer that is the same as before is not sent again
const look = remember("method tiles", { opacity: 0.72 }); // outlives the choice of another picture

class MethodTiles {
  private box: HTMLElement;
  private sides: HTMLElement;
  private tiles = new Map<string, MethodTile>();
  private keys = "";
  private data?: Data;
  private asked = 0;
  private poll = new Poll(() => this.send("tick", this.data?.token ?? ""));

  constructor(
    root: ShadowRoot,
    private send: Send<Triggers>,
  ) {
    this.box = find(root, ".tiles");
    this.sides = find(root, ".sides");
    const slider = find<HTMLInputElement>(root, "input");
    slider.value = String(100 * look.opacity);
    slider.oninput = () => {
      look.opacity = slider.valueAsNumber / 100;
      this.fade();
    };
    slider.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  }

  show(data: Data) {
    const keys = data.tiles.map((tile) => tile.key).join();
    if (keys !== this.keys) this.build(data.tiles);
    this.keys = keys;
    for (const tile of data.tiles) this.tiles.get(tile.key)?.show(data, tile);
    this.box.classList.toggle("two", data.sides.length > 1);
    this.sides.hidden = data.sides.length < 2;
    this.sides.textContent = data.sides.join("  |  ");
    this.fade();
    this.asked = data.waits && data.token === this.data?.token ? this.asked + 1 : 0;
    this.data = data;
    if (data.waits) this.poll.start(PAUSES[Math.min(this.asked, PAUSES.length - 1)], AGAIN);
    else this.poll.stop();
  }

  stop() {
    this.poll.stop();
  }

  private build(tiles: Method[]) {
    const send: Send<Triggers> = (event, key) => {
      this.send(event, key);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      if (this.data?.waits) this.poll.start(PATIENCE, AGAIN);
    };
    this.tiles = new Map(tiles.map(({ key }) => [key, new MethodTile(key, send)]));
    this.box.replaceChildren(...[...this.tiles.values()].map(({ element }) => element));
  }

  private fade() {
    for (const tile of this.tiles.values()) tile.fade(look.opacity);
  }
}

export default mount(MethodTiles);
