// The whole picture with the crop that the model sees, which is dragged or moved by keys.
import { mount, type Send } from "../base/component";
import { find } from "../base/elements";
import { ARROWS, isShortcut } from "../base/keys";
import "./crop_frame.css";
import { type Extent, move, type Position, place, room } from "./frame";

interface Data {
  picture: string;
  /** Width over height. */
  aspect: number;
  extent: Extent;
  position: Position;
}

const HEIGHT = 120; // pixels at most
const STEP = 0.03; // of the picture, a key
const QUIET = 350; // milliseconds after the last key

class CropFrame {
  private data!: Data;
  private position: Position = [50, 50];
  private box: HTMLElement;
  private last?: [number, number];
  private timer = 0;

  constructor(
    private root: ShadowRoot,
    private send: Send<{ move: Position }>,
  ) {
    this.box = find(root, ".box");
    this.box.onpointerdown = (event) => {
      this.last = [event.clientX, event.clientY];
      this.box.setPointerCapture(event.pointerId);
    };
    this.box.onpointermove = (event) => this.drag(event);
    this.box.onpointerup = this.box.onpointercancel = () => {
      this.last = undefined;
      this.tell();
    };
    this.box.onkeydown = (event) => this.step(event);
  }

  stop() {
    clearTimeout(this.timer);
  }

  show(data: Data) {
    this.data = data;
    const image = find<HTMLImageElement>(this.root, "img");
    if (image.src !== data.picture) image.src = data.picture;
    this.box.style.aspectRatio = String(data.aspect);
    this.box.style.width = `min(100%, ${Math.round(HEIGHT * data.aspect)}px)`;
    this.box.classList.toggle(
      "fixed",
      data.extent.every((each) => room(each) < 1e-6),
    );
    if (!this.last) this.position = data.position;
    this.draw();
  }

  private drag(event: PointerEvent) {
    if (!this.last) return;
    const { width, height } = this.box.getBoundingClientRect();
    const by: [number, number] = [(event.clientX - this.last[0]) / width, (event.clientY - this.last[1]) / height];
    const moved = move(this.data.extent, this.position, by);
    // What a step too small for a per cent moved is kept for the next.
    if (moved[0] !== this.position[0]) this.last[0] = event.clientX;
    if (moved[1] !== this.position[1]) this.last[1] = event.clientY;
    this.position = moved;
    this.draw();
  }

  private step(event: KeyboardEvent) {
    const arrow = ARROWS[event.key];
    if (!arrow || isShortcut(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    const far = event.shiftKey ? 4 * STEP : STEP;
    this.position = move(this.data.extent, this.position, [far * arrow[0], far * arrow[1]]);
    this.draw();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.tell(), QUIET);
  }

  private draw() {
    const { extent } = this.data;
    const [left, top] = place(extent, this.position);
    const { style } = find(this.root, ".frame");
    const share = (value: number) => `${100 * value}%`;
    [style.left, style.top, style.width, style.height] = [left, top, ...extent].map(share);
  }

  private tell() {
    if (this.position.join() !== this.data.position.join()) this.send("move", this.position);
  }
}

export default mount(CropFrame);
