// A row of pictures that can be clicked.
import { mount, type Send } from "../base/component";
import { find, make } from "../base/elements";
import { focusNext } from "../base/focus";
import { isShortcut } from "../base/keys";
import "./sample_strip.css";

interface SampleTile {
  uid: number;
  /** A data URL. */
  picture: string;
  name: string;
  figure: string;
  color: string;
  /** Left, top, width and height of the square, in shares of the picture. */
  box: [number, number, number, number] | null;
}

interface Data {
  tiles: SampleTile[];
  /** -1 for none. */
  current: number;
}

class SampleStrip {
  private dialog: HTMLElement | null;

  constructor(
    private root: ShadowRoot,
    private send: Send<{ pick: number }>,
  ) {
    this.dialog = root.host.closest("[role=dialog]");
    if (!this.dialog) return;
    const { dialog } = this;
    // A dialog keeps the Tab key to itself, and its own way to do so does not see into shadow roots.
    dialog.onkeydown = (event) => {
      if (event.key !== "Tab" || isShortcut(event)) return;
      focusNext([dialog], event.shiftKey);
      event.preventDefault();
      event.stopPropagation();
    };
  }

  stop() {
    if (this.dialog) this.dialog.onkeydown = null;
  }

  show({ tiles, current }: Data) {
    const row = find(this.root, ".samples");
    row.setAttribute("aria-label", "Samples that drive this channel the most");
    row.replaceChildren(...tiles.map((tile) => this.build(tile, tile.uid === current)));
  }

  private build({ uid, picture, name, figure, color, box }: SampleTile, isCurrent: boolean) {
    const button = make("button");
    button.type = "button";
    button.dataset.uid = String(uid);
    button.title = `Sample ${String(uid).padStart(4, "0")}, ${name}: ${figure}. Click to pin it`;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-current", String(isCurrent));
    const frame = make("span", "picture");
    frame.style.borderColor = color;
    const image = make("img");
    image.src = picture;
    image.alt = "";
    frame.append(image);
    if (box) {
      const [left, top, width, height] = box;
      const square = make("i", width * height > 0.02 ? "" : "small");
      const places = { left: left + width / 2, top: top + height / 2, width, height };
      for (const [side, share] of Object.entries(places)) square.style.setProperty(side, `${100 * share}%`);
      frame.append(square);
    }
    button.append(frame, make("span", "name", name), make("span", "figure", figure));
    button.onclick = () => this.send("pick", uid);
    return button;
  }
}

export default mount(SampleStrip);
