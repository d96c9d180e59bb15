// The colours of heatmaps, from Python: 256 of them.
export class ColorScale {
  /** Red, green and blue of each, (256, 3). */
  constructor(private bytes: Uint8Array) {}

  rgb(byte: number) {
    return this.bytes.subarray(3 * byte, 3 * byte + 3);
  }

  css(byte: number) {
    return `rgb(${this.rgb(byte).join(" ")})`;
  }

  /** From left to right, as CSS takes it. */
  get gradient() {
    const stops = Array.from({ length: 17 }, (_, i) => this.css(Math.min(255, i * 16)));
    return `linear-gradient(90deg, ${stops.join(", ")})`;
  }
}
