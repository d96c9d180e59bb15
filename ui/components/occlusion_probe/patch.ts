// The square that covers a part of the picture: where it is, and what it shows instead.
import { clamp } from "../base/elements";
import { ARROWS, isShortcut } from "../base/keys";
import type { Place } from "./questions";

/** Sides of the picture and of the square, in pixels of the picture; places lie `raster` apart. */
export interface Geometry {
  side: number;
  patch: number;
  stride: number;
  raster: number;
  filling: string;
}

/** The place on the raster nearest to a point, so that the square lies within the picture. */
export function snap({ side, patch, raster }: Geometry, ...point: Place): Place {
  const [x, y] = point.map((at) => clamp(0, Math.round(at / raster) * raster, side - patch));
  return [x, y];
}

export class Patch {
  place!: Place;
  private geometry!: Geometry;

  constructor(
    private box: HTMLElement,
    private element: HTMLElement,
    private onMove: (place: Place) => void,
  ) {
    box.onpointermove = box.onpointerdown = (event) => this.follow(event);
    box.onkeydown = (event) => this.step(event);
  }

  set(geometry: Geometry) {
    const { side, patch, filling } = geometry;
    const { style } = this.element;
    style.width = style.height = `${(100 * patch) / side}%`;
    if (this.geometry?.filling !== filling) style.backgroundImage = `url("${filling}")`;
    style.backgroundSize = `${(100 * side) / patch}%`;
    this.geometry = geometry;
    this.move(this.place ?? [(side - patch) / 2, (side - patch) / 2]);
  }

  private follow(event: PointerEvent) {
    const { left, top, width } = this.box.getBoundingClientRect();
    const { side, patch } = this.geometry;
    const at = (offset: number) => (offset / width) * side - patch / 2;
    this.move([at(event.clientX - left), at(event.clientY - top)], true);
  }

  private step(event: KeyboardEvent) {
    const move = ARROWS[event.key];
    if (!move || isShortcut(event)) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    const { stride, raster } = this.geometry;
    const far = event.shiftKey ? Math.max(stride, raster) : raster;
    this.move([this.place[0] + far * move[0], this.place[1] + far * move[1]], true);
  }

  private move(point: Place, tell = false) {
    const { side, patch } = this.geometry;
    const place = snap(this.geometry, ...point);
    const same = place.join() === this.place?.join();
    this.place = place;
    const { style } = this.element;
    [style.left, style.top] = place.map((at) => `${(100 * at) / side}%`);
    // In per cents of what the background exceeds the square by.
    const last = side - patch;
    style.backgroundPosition = place.map((at) => `${last ? (100 * at) / last : 0}%`).join(" ");
    if (tell && !same) this.onMove(place);
  }
}
