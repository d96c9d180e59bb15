// The sheet of small pictures as pixels, at its own resolution and at halves of it, so that a picture can be drawn at
// any size without flicker.
import { latest, type Sheet } from "../base/channel";
import { clamp } from "../base/elements";
import type { Ink } from "./geometry";

const SMALLEST = 8;

interface Level {
  side: number;
  stride: number;
  pixels: Uint32Array;
}

export class Album {
  readonly side: number;
  readonly columns: number;
  readonly count: number;
  readonly family: string;
  private made?: Level[];

  /** Null where the page has no sheet for `family`, or it cannot be read. */
  static async open(family: string): Promise<Album | null> {
    const sheet = latest("thumbnails");
    if (sheet?.family !== family) return null;
    try {
      const file = await (await fetch(sheet.url)).blob();
      return new Album(await createImageBitmap(file), sheet);
    } catch {
      return null; // points are drawn instead
    }
  }

  constructor(
    readonly bitmap: ImageBitmap,
    { columns, count, family }: Omit<Sheet, "url">,
  ) {
    [this.columns, this.count, this.family] = [columns, count, family];
    this.side = bitmap.width / columns;
  }

  close() {
    this.bitmap.close();
  }

  /** The coarsest level that has a pixel for each one wanted, and where on it each one is sampled. */
  sample(size: number) {
    const fine = this.levels.filter((level) => level.side >= size);
    const level = fine.at(-1) ?? this.levels[0];
    const from = new Int32Array(size);
    const share = new Int32Array(size); // of the next pixel, in sixteenths
    for (let p = 0; p < size; p++) {
      const place = ((p + 0.5) * level.side) / size - 0.5;
      from[p] = clamp(0, Math.floor(place), level.side - 2);
      share[p] = clamp(0, Math.round((place - from[p]) * 16), 16);
    }
    return { ...level, from, share };
  }

  draw(ink: Ink, i: number, x: number, y: number, side: number) {
    ink.drawImage(this.bitmap, ...this.corner(i), this.side, this.side, x, y, side, side);
  }

  /** Where sample i lies on a sheet with pictures of that side. */
  corner(i: number, side = this.side): [number, number] {
    return [(i % this.columns) * side, Math.floor(i / this.columns) * side];
  }

  /** Made when they are wanted for the first time. */
  private get levels(): Level[] {
    if (this.made) return this.made;
    this.made = [];
    for (let { side } = this; side >= SMALLEST && Number.isInteger(side); side /= 2) {
      this.made.push({ side, stride: side * this.columns, pixels: this.read(side / this.side) });
    }
    return this.made;
  }

  private read(scale: number): Uint32Array {
    const [width, height] = [this.bitmap.width * scale, this.bitmap.height * scale];
    const canvas = new OffscreenCanvas(width, height);
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    if (!ink) throw new Error("no canvas to draw on");
    ink.imageSmoothingQuality = "high";
    ink.drawImage(this.bitmap, 0, 0, width, height);
    return new Uint32Array(ink.getImageData(0, 0, width, height).data.buffer);
  }
}

/** The pictures of the samples on show, as pixels when they are wanted for the first time; until then there are points. */
export class Pictures {
  album: Album | null = null;
  private fetching: string | null = null;
  private family = "";

  constructor(private tell: () => void) {}

  async fetch(family: string) {
    this.family = family;
    if (this.album || this.fetching === family) return;
    this.fetching = family;
    const album = await Album.open(family);
    this.fetching = null;
    if (this.family !== family) return album?.close();
    this.album = album;
    this.tell();
  }

  /** Others are on show now. */
  drop(family = "") {
    this.album?.close();
    [this.album, this.family] = [null, family];
  }
}

/** One pixel of the sheet is always drawn in `.warm`, so that it is decoded before the first hover. */
export function warmPictures({ style }: HTMLElement, family: string) {
  const sheet = latest("thumbnails");
  style.backgroundImage = sheet?.family === family ? `url(${sheet.url})` : "none";
}
