// Draws all points, or all pictures, into an array of pixels. Copying pixels takes a tenth of the time of thousands of
// drawing calls, and no graphics card.
import { inkOf } from "../base/elements";
import type { Album } from "../points/album";
import { BACK, type Cast, FULL, OUT } from "../points/cast";
import { BACKGROUND, type Pair } from "../points/geometry";
import type { View } from "./motion";
import { GREY, PHASES, type Stamps } from "./stamps";

const DIMMED = { [OUT]: 34, [BACK]: 92, [FULL]: 256 }; // of 256 parts, the rest is background

/** "#rrggbb" as a pixel of an ImageData, which lies in memory as red, green, blue, alpha. */
export const toPixel = (color: string) => {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
};

/** `share` of 256 parts of one pixel over another: red and blue at once, then green. */
export const mix = (over: number, under: number, share: number) => {
  const rest = 256 - share;
  const outer = ((over & 0xff00ff) * share + (under & 0xff00ff) * rest) >>> 8;
  const inner = ((over & 0xff00) * share + (under & 0xff00) * rest) >>> 8;
  return (0xff000000 | (outer & 0xff00ff) | (inner & 0xff00)) >>> 0;
};
const PANEL = toPixel(BACKGROUND);

/** Where a picture lies, and its frame. */
interface Place {
  left: number;
  top: number;
  side: number;
  frame: number;
}

export class Painter {
  private ink: CanvasRenderingContext2D;
  private ratio = 1;
  private width = 0;
  private height = 0;
  private image!: ImageData;
  private pixels!: Uint32Array;

  constructor(private canvas: HTMLCanvasElement) {
    this.ink = inkOf(canvas, { willReadFrequently: true });
  }

  resize(width: number, height: number, ratio: number) {
    this.ratio = ratio;
    this.width = this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.height = this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.image = this.ink.createImageData(this.width, this.height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  /** `view` in pixels of the page; `stamps` in pixels of the screen. */
  paintPoints(at: Float32Array, view: View, { order, part, groups }: Cast, stamps: Stamps) {
    const [s, x0, y0] = [view.s, view.x, view.y].map((v) => v * this.ratio);
    const { index, side, stride, count } = stamps;
    const shift = 0.5 - side / 2;
    this.pixels.fill(PANEL);
    for (let next = 0; next < order.length; next++) {
      const i = order[next];
      const x = x0 + at[2 * i] * s + shift;
      const y = y0 - at[2 * i + 1] * s + shift;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const phase = Math.floor((y - top) * PHASES) * PHASES + Math.floor((x - left) * PHASES);
      const row = index[part[i] * count + groups[i]];
      this.stamp(left, top, stamps, row * side * stride + phase * side);
    }
    this.ink.putImageData(this.image, 0, 0);
  }

  private stamp(left: number, top: number, { pixels, side, stride }: Stamps, first: number) {
    const { pixels: out, width, height } = this;
    const right = Math.min(side, width - left);
    const bottom = Math.min(side, height - top);
    for (let y = Math.max(0, -top); y < bottom; y++) {
      const from = first + y * stride;
      const to = (top + y) * width + left;
      for (let x = Math.max(0, -left); x < right; x++) {
        const pixel = pixels[from + x];
        const alpha = pixel >>> 24;
        if (alpha === 255) out[to + x] = pixel;
        else if (alpha) out[to + x] = mix(pixel, out[to + x], alpha);
      }
    }
  }

  /** From front to back, only where there is nothing yet: what is hidden costs nothing. */
  paintPictures(
    at: Float32Array,
    view: View,
    { order, part, groups }: Cast,
    album: Album,
    size: number,
    colors: string[],
  ) {
    const [s, x0, y0] = [view.s, view.x, view.y].map((v) => v * this.ratio);
    const side = Math.round(size * this.ratio);
    const frame = Math.max(1, Math.round(side / 36));
    const source = album.sample(side - 2 * frame);
    const tints = colors.map(toPixel);
    const grey = toPixel(GREY);
    this.pixels.fill(0);
    for (let next = order.length - 1; next >= 0; next--) {
      const i = order[next];
      const left = Math.round(x0 + at[2 * i] * s - side / 2);
      const top = Math.round(y0 - at[2 * i + 1] * s - side / 2);
      if (left <= -side || top <= -side || left >= this.width || top >= this.height) continue;
      const tint = part[i] === OUT ? grey : tints[groups[i]];
      this.fillPicture({ left, top, side, frame }, source, album.corner(i, source.side), DIMMED[part[i]], tint);
    }
    this.ink.putImageData(this.image, 0, 0);
  }

  private fillPicture(
    { left, top, side, frame }: Place,
    { pixels, stride, from, share: parts }: ReturnType<Album["sample"]>,
    [cornerX, cornerY]: Pair,
    share: number,
    tint: number,
  ) {
    const { pixels: out, width, height } = this;
    const edge = mix(tint, PANEL, share === 256 ? 256 : share + 40);
    const inner = side - frame;
    const [firstX, lastX] = [Math.max(0, -left), Math.min(side, width - left)];
    const lastY = Math.min(side, height - top);
    for (let y = Math.max(0, -top); y < lastY; y++) {
      const to = (top + y) * width + left;
      const framed = y < frame || y >= inner;
      const corner = y === 0 || y === side - 1;
      const line = framed ? 0 : (cornerY + from[y - frame]) * stride + cornerX;
      const down = framed ? 0 : parts[y - frame];
      for (let x = firstX; x < lastX; x++) {
        if (out[to + x] || (corner && (x === 0 || x === side - 1))) continue;
        if (framed || x < frame || x >= inner) out[to + x] = edge;
        else {
          const pixel = blend(pixels, line + from[x - frame], stride, parts[x - frame], down);
          out[to + x] = share === 256 ? pixel : mix(pixel, PANEL, share);
        }
      }
    }
  }
}

/** Between four pixels; weights in sixteenths along each axis. */
export function blend(pixels: Uint32Array, at: number, stride: number, right: number, down: number) {
  const d = right * down;
  const c = (down << 4) - d;
  const b = (right << 4) - d;
  const a = 256 - b - c - d;
  const [p, q, r, t] = [pixels[at], pixels[at + 1], pixels[at + stride], pixels[at + stride + 1]];
  const outer = ((p & 0xff00ff) * a + (q & 0xff00ff) * b + (r & 0xff00ff) * c + (t & 0xff00ff) * d) >>> 8;
  const inner = ((p & 0xff00) * a + (q & 0xff00) * b + (r & 0xff00) * c + (t & 0xff00) * d) >>> 8;
  return (0xff000000 | (outer & 0xff00ff) | (inner & 0xff00)) >>> 0;
}
