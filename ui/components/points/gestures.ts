// What the pointer and the keys do to a plot of samples.
const SLACK = 4; // pixels that a click may slip

/** What a press has begun. */
export interface Grip {
  /** Whether it draws a line, rather than drags something. */
  draws?: boolean;
  /** A move beyond the slack; `places` are all since the last one, [x, y, x, y, ...]. False ends it. */
  move(x: number, y: number, places: number[]): unknown;
  /** The button is let go after a move. */
  end?(): void;
  /** The button is let go without a move. */
  click?(x: number, y: number): void;
  /** The browser has taken the pointer away. */
  cancel?(): void;
  /** After each of these. */
  stop?(): void;
}

/** A plot as the pointer finds it; places are pixels. */
interface Plot {
  /** The pointer moves without a button. */
  point(x: number, y: number): void;
  leave(): void;
  /** Null where nothing can be gripped. */
  grip(x: number, y: number, event: PointerEvent): Grip | null;
  zoom(factor: number, x: number, y: number): void;
  doubleClick(x: number, y: number): void;
}

const place = ({ offsetX, offsetY }: MouseEvent): [number, number] => [offsetX, offsetY];

export function followPointer(surface: HTMLElement, plot: Plot) {
  let grip: Grip | null = null;
  let from = [0, 0];
  let moved = false;
  const stop = () => {
    const held = grip;
    grip = null;
    surface.classList.remove("dragged");
    held?.stop?.();
  };
  surface.onpointerdown = (event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    grip = plot.grip(x, y, event);
    if (grip) surface.setPointerCapture(event.pointerId);
    [from, moved] = [[x, y], false];
  };
  surface.onpointermove = (event) => {
    const [x, y] = place(event);
    if (!grip) return plot.point(x, y);
    if (!moved && Math.hypot(x - from[0], y - from[1]) <= SLACK) return;
    moved = true;
    surface.classList.toggle("dragged", !grip.draws);
    const places = (event.getCoalescedEvents?.() ?? [event]).flatMap(place).concat(x, y);
    if (grip.move(x, y, places) === false) stop();
  };
  surface.onpointerup = (event) => {
    if (moved) grip?.end?.();
    else grip?.click?.(...place(event));
    stop();
  };
  surface.onpointercancel = () => {
    grip?.cancel?.();
    stop();
  };
  surface.onpointerleave = () => !grip && plot.leave();
  surface.ondblclick = (event) => plot.doubleClick(...place(event));
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const notches = event.deltaY * (event.deltaMode ? 0.05 : 0.0015);
    plot.zoom(Math.exp(-notches), ...place(event));
    plot.point(...place(event));
  };
  surface.addEventListener("wheel", wheel, { passive: false });
}

/** The line of a lasso while it is drawn: [x, y, x, y, ...]. */
export class Lasso {
  line: number[] = [];

  constructor(
    private redraw: () => void,
    private enclose: (line: number[]) => void,
  ) {}

  begin(x: number, y: number): Grip {
    this.line = [x, y];
    return {
      draws: true,
      move: (_x, _y, places) => {
        if (!this.line.length) return false; // it was thrown away
        this.line.push(...places);
        this.redraw();
      },
      end: () => this.enclose(this.line),
      stop: () => this.drop(),
    };
  }

  drop() {
    this.line = [];
    this.redraw();
  }
}

/** What a key does of acts by keys, letters in lower case. */
export const actOf = (acts: Record<string, () => void>, { key }: KeyboardEvent): (() => void) | undefined =>
  acts[key.length === 1 ? key.toLowerCase() : key];

/** The keys of zooming. */
export const listZoomKeys = (plot: { zoomBy(factor: number): void; fit(): void }) => ({
  "+": () => plot.zoomBy(1.5),
  "=": () => plot.zoomBy(1.5),
  "-": () => plot.zoomBy(1 / 1.5),
  0: () => plot.fit(),
});
