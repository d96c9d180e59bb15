// Numbers from bytes, and what they are in words.
import { decode, type Table } from "../base/component";

/**
 * One measure of all pairs: similarities, and what they would be anyway, where that is known: by chance, by classes
 * alone, of other samples, of the same layer embedded again. A pair is its number: row by row.
 */
export class PairValues {
  readonly value: Float32Array;
  private bounds: Record<string, Float32Array | null>;

  constructor(arrays: Table, key: string) {
    const read = (name: string) => (arrays.getChild(name) ? decode(arrays, name, "f4") : null);
    this.value = decode(arrays, `${key}_values`, "f4");
    const names = ["null_mean", "null_high", "class_mean", "class_high", "low", "high", "repeated"];
    this.bounds = Object.fromEntries(names.map((name) => [name, read(`${key}_${name}`)]));
  }

  private bound(name: string, i: number) {
    return this.bounds[name]?.[i] ?? NaN;
  }

  isDefined(i: number) {
    return !Number.isNaN(this.value[i]);
  }

  isByChance(i: number) {
    return this.value[i] <= this.bound("null_high", i);
  }

  /** Above chance, and yet no more than layers give that share only the classes. */
  isByClasses(i: number) {
    return !this.isByChance(i) && this.value[i] <= this.bound("class_high", i);
  }

  /** As alike as a layer is to itself when it is embedded again: what differs may be the seed's. */
  isRepetition(i: number) {
    return this.value[i] >= this.bound("repeated", i);
  }

  some(test: (i: number) => boolean) {
    return this.value.some((_, i) => test(i));
  }

  text(i: number) {
    return this.isDefined(i) ? write(this.value[i]) : "–";
  }

  /** What a similarity would be anyway, one line each; none where nothing is known. */
  tell(i: number) {
    if (!this.isDefined(i)) return ["not defined: one of them is constant, or all its samples are equally far apart"];
    const at = (name: string) => this.bound(name, i);
    const null_ = (name: string) => `${write(at(`${name}_mean`))} (99 %: ${write(at(`${name}_high`))})`;
    const told = [
      [at("low") < 1 ? at("low") : NaN, `other samples: 95 % from ${write(at("low"))} to ${write(at("high"))}`],
      [at("null_mean"), `${this.isByChance(i) ? "not above" : "by"} chance ${null_("null")}`],
      [at("class_mean"), `${this.value[i] <= at("class_high") ? "not above" : "by"} classes alone ${null_("class")}`],
      [
        at("repeated"),
        this.isRepetition(i)
          ? `differ by no more than repetition (${write(at("repeated"))})`
          : `embedded again ${write(at("repeated"))}`,
      ],
    ] as const;
    return told.filter(([known]) => !Number.isNaN(known)).map(([, line]) => line);
  }
}

function write(x: number) {
  return x
    .toFixed(2)
    .replace(/^-(0\.00)$/, "$1")
    .replace("-", "−");
}
