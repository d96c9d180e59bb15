// The sheet of small pictures as pixels, at its own resolution and at halves of it, so that a picture
// can be drawn at any size without flicker.
const SMALLEST = 8;

class Album {
  // Null where the page has no sheet for `family`, or it cannot be read.
  static async open(family) {
    const sheet = window.layerscopeThumbnails;
    if (sheet?.family !== family) return null;
    try {
      const file = await (await fetch(sheet.url)).blob();
      return new Album(await createImageBitmap(file), sheet);
    } catch {
      return null; // points are drawn instead
    }
  }

  constructor(bitmap, { columns, count, family }) {
    Object.assign(this, { bitmap, columns, count, family });
    this.side = bitmap.width / columns;
  }

  // Made when they are wanted for the first time.
  get levels() {
    if (this.made) return this.made;
    this.made = [];
    for (let { side } = this; side >= SMALLEST && Number.isInteger(side); side /= 2) {
      this.made.push({ side, stride: side * this.columns, pixels: this.read(side / this.side) });
    }
    return this.made;
  }

  close() {
    this.bitmap.close();
  }

  read(scale) {
    const [width, height] = [this.bitmap.width * scale, this.bitmap.height * scale];
    const canvas = new OffscreenCanvas(width, height);
    const ink = canvas.getContext("2d", { willReadFrequently: true });
    ink.imageSmoothingQuality = "high";
    ink.drawImage(this.bitmap, 0, 0, width, height);
    return new Uint32Array(ink.getImageData(0, 0, width, height).data.buffer);
  }

  // The coarsest level that has a pixel for each one wanted, and where on it each one is sampled.
  sample(size) {
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

  draw(ink, i, x, y, side) {
    ink.drawImage(this.bitmap, ...this.corner(i), this.side, this.side, x, y, side, side);
  }

  // Where sample i lies on a sheet with pictures of that side.
  corner(i, side = this.side) {
    return [(i % this.columns) * side, Math.floor(i / this.columns) * side];
  }
}
