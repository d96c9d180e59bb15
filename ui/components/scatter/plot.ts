// A plot of samples on two canvases: all of them, and what changes under the pointer. Pointer and keys zoom, move and
// walk; what is chosen is the owner's matter.
import { find } from "../base/elements";
import { ARROWS, isShortcut } from "../base/keys";
import { warmPictures } from "../points/album";
import type { Entry, Pair } from "../points/geometry";
import { actOf, followPointer, Lasso, listZoomKeys } from "../points/gestures";
import type { Marked } from "../points/marks";
import { listEnclosed } from "../points/samples";
import type { Tools } from "../points/tools";
import { type Described, Tooltip } from "../points/tooltip";
import type { Pose } from "../points/viewpoint";
import { START, Stage } from "./stage";

/** Whose the plot is. Samples are whole numbers, -1 for none. */
interface Owner {
  marked(): Omit<Marked, "line">;
  describe(i: number): Omit<Described, "color">;
  hover(i: number): void;
  click(i: number): void;
  pin(i: number): void;
  enclose?(uids: number[]): void;
  /** What other keys do than those that zoom and walk. */
  keys(): Record<string, () => void>;
}

export class SamplePlot {
  readonly stage: Stage;
  readonly lasso: Lasso;
  private surface: HTMLCanvasElement;
  private tooltip: Tooltip;
  private told = -1; // what the tooltip speaks of
  private shown = false;
  private stale = false;
  private frame: number | null = null;
  private observer = new ResizeObserver(() => this.resize());

  /** In a box with canvases `.points` and `.marks`. With tools there is a lasso. */
  constructor(
    readonly box: HTMLElement,
    private owner: Owner,
    private tools?: Tools,
  ) {
    this.surface = find(box, ".marks");
    this.stage = new Stage(find(box, ".points"), this.surface);
    this.tooltip = new Tooltip(box);
    this.lasso = new Lasso(
      () => this.askFrame(),
      (line) => owner.enclose?.(listEnclosed(line, this.stage.cast.free, (i) => this.stage.place(i))),
    );
    followPointer(this.surface, {
      point: (x, y) => this.point(x, y),
      leave: () => owner.hover(-1),
      grip: (x, y, event) => this.grip(x, y, event),
      zoom: (factor, x, y) => {
        this.stage.camera.finish();
        this.move(this.stage.camera.zoom(factor, x, y));
      },
      doubleClick: () => !tools?.lassoes && this.fit(),
    });
    box.onkeydown = (event) => this.press(event);
    box.onblur = () => owner.hover(-1);
    this.observer.observe(box);
  }

  stop() {
    this.observer.disconnect();
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }

  /** `another`: not the samples of before. */
  show(entries: Entry[], positions: Float32Array, another: boolean, name = "Scatter plot") {
    this.shown = true;
    this.stage.show(entries, positions, another);
    this.box.setAttribute("aria-label", `${name} of ${this.stage.n} samples`);
  }

  /** Pictures of a family are on the page, or not. */
  warm(family: string) {
    warmPictures(find(this.box, ".warm"), family);
    this.tell(this.told);
  }

  // --- drawing -----------------------------------------------------------------------------------

  private resize() {
    const { width, height } = this.box.getBoundingClientRect();
    if (!width || !height) return;
    this.stage.resize(width, height);
    if (this.shown) this.redraw(performance.now()); // a canvas is empty when its size has changed
  }

  invalidate() {
    this.stale = true;
    this.askFrame();
  }

  /** Of what changes under the pointer, if the samples are as they were. */
  askFrame() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      if (!this.shown || !this.stage.ready) return;
      if (this.stale) this.redraw(now);
      else this.drawMarks();
    });
  }

  private redraw(now: number) {
    this.stale = false;
    const moves = this.stage.paint(now);
    this.tools?.tellMoved(this.stage.camera.moved);
    this.drawMarks();
    if (moves) this.invalidate();
  }

  private drawMarks() {
    const { stage, told } = this;
    const marked = this.owner.marked();
    stage.mark({ ...marked, line: this.lasso.line });
    this.box.dataset.place = marked.pinned >= 0 ? stage.place(marked.pinned).map(Math.round).join() : "";
    if (told >= 0) this.tooltip.move(stage.place(told), stage.girth);
  }

  /** The tooltip speaks of a sample. */
  tell(i: number) {
    this.told = i;
    this.surface.classList.toggle("over", i >= 0);
    if (i < 0 || !this.stage.ready) return this.tooltip.hide();
    const sample = { ...this.owner.describe(i), color: this.stage.entry(i).color };
    this.tooltip.show(this.stage.place(i), this.stage.girth, sample);
  }

  // --- pointer and keys --------------------------------------------------------------------------

  /** Whether the pointer is over it. */
  get pointed() {
    return this.surface.matches(":hover");
  }

  private point(x: number, y: number) {
    if (!this.shown || !this.stage.ready) return;
    this.stage.camera.finish();
    this.owner.hover(this.stage.hit(x, y));
  }

  private grip(x: number, y: number, { shiftKey }: PointerEvent) {
    const { camera } = this.stage;
    camera.finish();
    const { pose } = camera;
    const drag = (px: number, py: number) => this.move({ ...pose, x: pose.x + px - x, y: pose.y + py - y });
    const draws = this.tools && (this.tools.lassoes || shiftKey);
    const grip = draws ? this.lasso.begin(x, y) : { move: drag };
    return {
      ...grip,
      move: (px: number, py: number, places: number[]) => {
        this.owner.hover(-1);
        return grip.move(px, py, places);
      },
      click: (px: number, py: number) => this.owner.click(this.stage.hit(px, py)),
    };
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const walked = event.target === this.box && this.walk(event.key);
    if (!walked && !this.act(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  private walk(key: string) {
    const { hovered, pinned } = this.owner.marked();
    if (key in ARROWS) this.step(hovered >= 0 ? hovered : pinned, ARROWS[key]);
    else if (key === "Enter" && hovered >= 0) this.owner.pin(hovered);
    else return false;
    return true;
  }

  private step(from: number, direction: Pair) {
    const next = this.stage.next(from, direction);
    if (next >= 0) this.owner.hover(next);
  }

  /** What a key does wherever it is pressed; says whether it does anything. */
  act(event: KeyboardEvent) {
    const act = actOf({ ...listZoomKeys(this), ...this.owner.keys() }, event);
    act?.();
    return act !== undefined;
  }

  private move(pose: Pose) {
    this.stage.camera.set(pose);
    this.invalidate();
  }

  zoomBy(factor: number) {
    this.glide(this.stage.camera.zoom(factor));
  }

  fit() {
    this.glide(START);
  }

  private glide(pose: Pose) {
    this.stage.camera.glide(pose);
    this.invalidate();
  }
}
