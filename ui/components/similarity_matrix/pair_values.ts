// Numbers from bytes, and what they are in words.
import { decode, type Table } from "../base/component";

/**
 * One measure of all pairs: similarities, and the mean and the 99 % quantile by chance where these are known. A pair
 * is its number: row by row.
 */
export class PairValues {
  readonly value: Float32Array;
  private mean: Float32Array | null;
  private high: Float32Array | null;

  constructor(arrays: Table, key: string) {
    const read = (name: string) => (arrays.getChild(name) ? decode(arrays, name, "f4") : null);
    this.value = decode(arrays, `${key}_value`, "f4");
    this.mean = read(`${key}_mean`);
    this.high = read(`${key}_high`);
  }

  isDefined(i: number) {
    return !Number.isNaN(this.value[i]);
  }

  isByChance(i: number) {
    return this.high !== null && this.value[i] <= this.high[i];
  }

  some(test: (i: number) => boolean) {
    return this.value.some((_, i) => test(i));
  }

  text(i: number) {
    return this.isDefined(i) ? this.value[i].toFixed(2) : "–";
  }

  /** What chance has to do with it; empty where that is not known. */
  chance(i: number) {
    if (!this.isDefined(i)) return "one of them is constant";
    if (!this.mean || !this.high) return "";
    const bound = `${this.mean[i].toFixed(2)} (99 %: ${this.high[i].toFixed(2)})`;
    return this.isByChance(i) ? `not above chance ${bound}` : `by chance ${bound}`;
  }
}
