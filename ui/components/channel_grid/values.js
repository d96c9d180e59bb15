// What the grid is made of, without a grid: bytes from Arrow, numbers as text, colours, an order.
// The scripts of this folder are joined to one module.

function decode(table, column, Type) {
  const bytes = table.getChild(column).get(0).slice(); // Arrow hands bytes out at any offset
  return new Type(bytes.buffer);
}

// Three figures, as short as they get.
function format(value) {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1000) return String(value).replace("-", "−");
  if (!Number.isFinite(value)) return "–";
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(1) : size >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return text.replace(/^-/, "−").replace("e-", "e−").replace("e+", "e");
}

// What Python sends, made ready once: `channel` below is always an index into these.
class Values {
  constructor({ arrays, facts }) {
    Object.assign(this, facts);
    this.bytes = decode(arrays, "maps", Uint8Array);
    this.scores = decode(arrays, "scores", Float32Array);
    this.colors = decode(arrays, "colors", Uint8Array);
    this.ranges = decode(arrays, "ranges", Float32Array);
    this.area = this.height * this.width;
    this.own = false; // whether each channel has a colour scale of its own
  }

  name(channel) {
    return this.names?.[channel] ?? String(channel);
  }

  // What is written beside a name: probabilities all alike.
  text(channel) {
    const value = this.scores[channel];
    return this.unit === "class" ? value.toFixed(3) : format(value);
  }

  color(byte) {
    return this.colors.subarray(3 * byte, 3 * byte + 3);
  }

  // The colour, 0 to 255, of each byte of a channel: bytes cover its own range, colours the layer's.
  shade(channel) {
    const [low, high] = [this.ranges[2 * channel], this.ranges[2 * channel + 1]];
    const scale = 255 / (this.high - this.low || 1);
    const [start, step] = this.own ? [0, 1] : [(low - this.low) * scale, ((high - low) / 255) * scale];
    return (byte) => Math.max(0, Math.min(255, Math.round(start + step * byte)));
  }

  // Pixels of `count` channels from `first` on, one behind the other.
  paint(first, count, width, height) {
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const table = new Uint32Array(256);
    const shared = new Uint32Array(256).map((_, i) => {
      const [red, green, blue] = this.color(i);
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    });
    for (let c = 0; c < count; c++) {
      const shade = this.shade(first + c);
      if (this.area > 1) for (let byte = 0; byte < 256; byte++) table[byte] = shared[shade(byte)];
      for (let i = 0; i < this.area; i++) {
        const byte = this.bytes[(first + c) * this.area + i];
        pixels[c * this.area + i] = this.area > 1 ? table[byte] : shared[shade(byte)];
      }
    }
    return image;
  }

  sorted(order) {
    const by = [...Array(this.count).keys()];
    const sign = order.startsWith("-") ? -1 : 1;
    const { scores } = this;
    if (order.endsWith("score")) by.sort((a, b) => sign * (scores[a] - scores[b]) || a - b);
    else if (sign < 0) by.reverse();
    return by;
  }

  // Channels whose number begins with the text, or whose name contains it; an exact one first.
  find(text, order) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return order;
    const number = wanted.replace(/^[^\d]*(?=\d+$)/, ""); // "channel 12" and "#12" are 12 as well
    const hits = order.filter((c) => {
      const named = this.names && this.names[c].toLowerCase().includes(wanted);
      return named || String(c).startsWith(number);
    });
    const exact = hits.findIndex((c) => String(c) === number || this.name(c).toLowerCase() === wanted);
    if (exact > 0) hits.unshift(...hits.splice(exact, 1));
    return hits;
  }
}
