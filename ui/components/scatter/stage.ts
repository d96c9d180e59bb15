// Where the samples are on the screen, how large they are, and which one is where.
import { clamp } from "../base/elements";
import { findAhead } from "../points/ahead";
import type { Album } from "../points/album";
import { Cast } from "../points/cast";
import { type Entry, measureRadius, type Pair, roominess } from "../points/geometry";
import { type Marked, Marks, type Scenery } from "../points/marks";
import { Camera, type Layout, normalize, Travel, type View } from "./motion";
import { Painter } from "./painter";
import { makeStamps, type Stamps } from "./stamps";

const REACH = 14; // pixels from the pointer within which a point is hit
const PICTURE = { side: 26, of: 1000, power: 0.32, least: 12, most: 52, enlarged: 1.5 };
export const START = { k: 1, x: 0, y: 0 };

export class Stage implements Scenery {
  readonly camera = new Camera();
  readonly cast = new Cast();
  /** The pictures, where they are shown and at hand. */
  album: Album | null = null;
  n = 0;
  private painter: Painter;
  private marks: Marks;
  private travel = new Travel();
  private entries: Entry[] = [];
  private view: View = { s: 1, x: 0, y: 0 };
  private ratio = 1;
  private made: string | null = null; // what the stamps were made for
  private stamps!: Stamps;

  constructor(points: HTMLCanvasElement, marks: HTMLCanvasElement) {
    this.painter = new Painter(points);
    this.marks = new Marks(marks);
  }

  get ready() {
    return this.camera.width > 0;
  }

  resize(width: number, height: number) {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.camera, { width, height });
    this.painter.resize(width, height, this.ratio);
    this.marks.resize(width, height, this.ratio);
    this.made = null;
  }

  /** `entries` are the colours. Positions of other samples do not travel. */
  show(entries: Entry[], positions: Float32Array, another: boolean) {
    if (another) this.camera.set(START);
    this.entries = entries;
    this.n = positions.length / 2;
    this.travel.go(normalize(positions), another);
    if (this.camera.moved && this.ready && !this.holds(this.travel.target)) this.camera.glide(START);
    this.made = null;
    this.look();
  }

  /** Whether a layout has a sample in the part that is zoomed to: an empty plot would look broken. */
  private holds({ at, half }: Layout) {
    const { width, height } = this.camera;
    const { s, x, y } = this.camera.view(half);
    for (let i = 0; i < at.length; i += 2) {
      const [px, py] = [x + at[i] * s, y - at[i + 1] * s];
      if (px > 0 && px < width && py > 0 && py < height) return true;
    }
    return false;
  }

  private look() {
    this.view = this.camera.view(this.travel.half);
  }

  place(i: number): Pair {
    const { s, x, y } = this.view;
    return [x + this.travel.at[2 * i] * s, y - this.travel.at[2 * i + 1] * s];
  }

  entry(i: number) {
    return this.entries[this.cast.groups[i]];
  }

  get radius() {
    return measureRadius(this.n, this.camera.width, this.camera.height, this.camera.pose.k);
  }

  get size() {
    if (!this.album) return null;
    const { side, of, power, least, most, enlarged } = PICTURE;
    const room = roominess(this.camera.width, this.camera.height) ** 0.5;
    const base = clamp(least, side * (of / this.n) ** power, most) * room;
    return Math.round(Math.min(base * this.camera.pose.k ** 0.5, enlarged * this.album.side));
  }

  /** How far a sample reaches around its place. */
  get girth() {
    return (this.size ?? 2 * this.radius) * 0.7;
  }

  /** One frame; says whether something moves on. */
  paint(now: number) {
    const moves = [this.travel.step(now), this.camera.step(now)].includes(true);
    this.look();
    const { view, cast, size, album } = this;
    const { at } = this.travel;
    if (size && album) {
      const colors = this.entries.map(({ color }) => color);
      this.painter.paintPictures(at, view, cast, album, size, colors);
    } else this.painter.paintPoints(at, view, cast, this.stamp());
    return moves;
  }

  /** The pictures of marks, made again when their size or their parts have changed. */
  private stamp() {
    const radius = Math.round(this.radius * this.ratio * 8) / 8;
    const made = `${radius}/${this.cast.used}`;
    if (this.made !== made) this.stamps = makeStamps(this.entries, this.cast.used, radius);
    this.made = made;
    return this.stamps;
  }

  mark(marked: Marked) {
    this.look();
    this.marks.draw(this, marked);
  }

  /** The picture on top, or the nearest point. Going through 7000 takes a twentieth of a millisecond. */
  hit(px: number, py: number) {
    this.look();
    const half = (this.size ?? 0) / 2;
    const { order, free } = this.cast;
    const { s, x, y } = this.view;
    const { at } = this.travel;
    let [reach, best] = [(REACH + half) ** 2, -1];
    for (let next = order.length - 1; next >= 0; next--) {
      const i = order[next];
      if (!free[i]) continue;
      const dx = x + at[2 * i] * s - px;
      const dy = y - at[2 * i + 1] * s - py;
      if (Math.abs(dx) < half && Math.abs(dy) < half) return i;
      const distance = dx * dx + dy * dy;
      if (distance < reach) [reach, best] = [distance, i];
    }
    return best;
  }

  /** The nearest point in a direction, from one or from the middle. */
  next(from: number, direction: Pair) {
    const { x, y } = this.view;
    const isFree = (i: number) => this.cast.free[i] === 1;
    return findAhead({ count: this.n, isFree, place: (i) => this.place(i), middle: [x, y] }, from, direction);
  }
}
