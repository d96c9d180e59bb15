// Numbers from bytes, and what they are in colours and in words. The scripts of this folder are joined
// to one module, behind those that it shares with the plots.

function decode(table, column, Type) {
  const bytes = table.getChild(column)?.get(0)?.slice(); // Arrow hands bytes out at any offset
  return bytes ? new Type(bytes.buffer) : null;
}

// One measure of all pairs: similarities, and the mean and the 99 % quantile by chance where these are
// known. A pair is its number: row by row.
class Values {
  constructor(arrays, key) {
    this.value = decode(arrays, `${key}_value`, Float32Array);
    this.mean = decode(arrays, `${key}_mean`, Float32Array);
    this.high = decode(arrays, `${key}_high`, Float32Array);
    this.colors = decode(arrays, "colors", Uint8Array);
  }

  isDefined(i) {
    return !Number.isNaN(this.value[i]);
  }

  isByChance(i) {
    return this.high !== null && this.value[i] <= this.high[i];
  }

  some(test) {
    return this.value.some((_, i) => test(i));
  }

  color(value) {
    const start = 3 * Math.round(255 * value);
    return `rgb(${this.colors.subarray(start, start + 3).join(" ")})`;
  }

  get gradient() {
    const stops = Array.from({ length: 17 }, (_, i) => this.color(i / 16));
    return `linear-gradient(to right, ${stops.join(", ")})`;
  }

  text(i) {
    return this.isDefined(i) ? this.value[i].toFixed(2) : "–";
  }

  // What chance has to do with it; empty where that is not known.
  chance(i) {
    if (!this.isDefined(i)) return "one of them is constant";
    if (this.high === null) return "";
    const bound = `${this.mean[i].toFixed(2)} (99 %: ${this.high[i].toFixed(2)})`;
    return this.isByChance(i) ? `not above chance ${bound}` : `by chance ${bound}`;
  }
}
