// What the grid is made of, without a grid: bytes from Python, numbers as text, colours, an order.
import { decode, type Table } from "../base/component";
import { clamp } from "../base/elements";
import { writeMinus } from "../base/numbers";
import { ColorScale } from "../base/scale";

export interface Facts {
  count: number;
  height: number;
  width: number;
  /** Ends of the layer's colour scale. */
  low: number;
  high: number;
  names: string[] | null;
  dense: boolean;
  title: string;
  unit: string;
}

/** Three figures, as short as they get. */
export function format(value: number) {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1000) return writeMinus(String(value));
  if (!Number.isFinite(value)) return "–";
  const large = size >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return writeMinus(size >= 1e5 || size < 1e-3 ? value.toExponential(1).replace("+", "") : large);
}

/** What Python sends, made ready once: `channel` below is always an index into these. */
export class ChannelMaps {
  readonly scale: ColorScale;
  /** Whether each channel has a colour scale of its own. */
  own = false;
  private bytes: Uint8Array;
  private scores: Float32Array;
  private ranges: Float32Array;

  constructor(
    readonly facts: Facts,
    arrays: Table,
  ) {
    this.bytes = decode(arrays, "maps", "u1");
    this.scores = decode(arrays, "scores", "f4");
    this.ranges = decode(arrays, "ranges", "f4");
    this.scale = new ColorScale(decode(arrays, "colors", "u1"));
  }

  name(channel: number) {
    return this.facts.names?.[channel] ?? String(channel);
  }

  /** What is written beside a name: probabilities all alike. */
  text(channel: number) {
    const value = this.scores[channel];
    return this.facts.unit === "class" ? value.toFixed(3) : format(value);
  }

  /** The colour, 0 to 255, of each byte of a channel: bytes cover its own range, colours the layer's. */
  shade(channel: number) {
    const [low, high] = [this.ranges[2 * channel], this.ranges[2 * channel + 1]];
    const { low: least, high: most } = this.facts;
    const scale = 255 / (most - least || 1);
    const [start, step] = this.own ? [0, 1] : [(low - least) * scale, ((high - low) / 255) * scale];
    return (byte: number) => clamp(0, Math.round(start + step * byte), 255);
  }

  /** Pixels of `count` channels from `first` on, one behind the other. */
  paint(first: number, count: number, width: number, height: number) {
    const area = this.facts.width * this.facts.height;
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const table = new Uint32Array(256);
    const shared = new Uint32Array(256).map((_, i) => {
      const [red, green, blue] = this.scale.rgb(i);
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    for (let c = 0; c < count; c++) {
      const shade = this.shade(first + c);
      if (area > 1) for (let byte = 0; byte < 256; byte++) table[byte] = shared[shade(byte)];
      for (let i = 0; i < area; i++) {
        const byte = this.bytes[(first + c) * area + i];
        pixels[c * area + i] = area > 1 ? table[byte] : shared[shade(byte)];
      }
    }
    return image;
  }

  sort(order: string) {
    const by = [...Array(this.facts.count).keys()];
    const sign = order.startsWith("-") ? -1 : 1;
    const { scores } = this;
    if (order.endsWith("score")) by.sort((a, b) => sign * (scores[a] - scores[b]) || a - b);
    else if (sign < 0) by.reverse();
    return by;
  }

  /** Channels whose number begins with the text, or whose name contains it; an exact one first. */
  find(text: string, order: number[]) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return order;
    const number = wanted.replace(/^[^\d]*(?=\d+$)/, ""); // "channel 12" and "#12" are 12 as well
    const hits = order.filter((c) => {
      const named = this.facts.names?.[c].toLowerCase().includes(wanted);
      return named || String(c).startsWith(number);
    });
    const exact = hits.findIndex((c) => String(c) === number || this.name(c).toLowerCase() === wanted);
    if (exact > 0) hits.unshift(...hits.splice(exact, 1));
    return hits;
  }
}
