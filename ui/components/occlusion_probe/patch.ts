// The square that covers a part of the picture: where it is, and what it shows instead.
import { clamp } from "../base/elements";
import { ARROWS, isShortcut } from "../base/keys";
import type { Place } from "./questions";

/** Sides of the picture and of the square, in pixels of the picture; places lie `raster` apart. */
export interface Geometry {
  height: number;
  width: number;
  patch: number;
  stride: number;
  raster: number;
  filling: string;
}

/** The place on the raster nearest to a point, so that the square lies within the picture. */
export function snap({ width, height, patch, raster }: Geometry, x: number, y: number): Place {
  const on = (at: number, side: number) => clamp(0, Math.round(at / raster) * raster, side - patch);
  return [on(x, width), on(y, height)];
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
    const { width, height, patch, filling } = geometry;
    const { style } = this.element;
    this.box.style.aspectRatio = `${width} / ${height}`;
    style.width = `${(100 * patch) / width}%`;
    style.height = `${(100 * patch) / height}%`;
    if (this.geometry?.filling !== filling) style.backgroundImage = `url("${filling}")`;
    style.backgroundSize = `${(100 * width) / patch}% ${(100 * height) / patch}%`;
    this.geometry = geometry;
    this.move(this.place ?? [(width - patch) / 2, (height - patch) / 2]);
  }

  private follow(event: PointerEvent) {
    const { left, top, width } = this.box.getBoundingClientRect();
    const { width: pixels, patch } = this.geometry;
    const at = (offset: number) => (offset / width) * pixels - patch / 2;
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
    const { width, height, patch } = this.geometry;
    const place = snap(this.geometry, ...point);
    const same = place.join() === this.place?.join();
    this.place = place;
    const { style } = this.element;
    const share = (at: number, of: number) => `${of ? (100 * at) / of : 0}%`;
    [style.left, style.top] = [share(place[0], width), share(place[1], height)];
    // In per cents of what the background exceeds the square by.
    style.backgroundPosition = `${share(place[0], width - patch)} ${share(place[1], height - patch)}`;
    if (tell && !same) this.onMove(place);
  }
}
