// Keeps the clouds of each family where the tour finds them.
import { type Cloud, latest, post } from "../base/channel";
import { decode, type Table } from "../base/component";

interface Data {
  clouds: Table;
  d: number;
  family: string;
  keep: string[];
}

class Layer implements Cloud {
  readonly n: number;
  private samples?: Float32Array;

  constructor(
    private steps: Int16Array,
    readonly d: number,
    private step: number,
    readonly scale: number,
    readonly mean: Float64Array,
  ) {
    this.n = steps.length / d;
  }

  /** Made when they are wanted for the first time. */
  get X() {
    this.samples ??= Float32Array.from(this.steps, (steps) => steps * this.step);
    return this.samples;
  }
}

export default function ({ data }: { data: Data }) {
  const kept = latest("clouds") ?? new Map<string, Map<string, Cloud>>();
  for (const family of kept.keys()) if (!data.keep.includes(family)) kept.delete(family);
  const family = kept.get(data.family) ?? new Map<string, Cloud>();
  kept.set(data.family, family);
  const { clouds } = data;
  const read = (name: string, row: number) => clouds.getChild(name)?.get(row) as number;
  for (let i = 0; i < clouds.numRows; i++) {
    const layer = clouds.getChild("layer")?.get(i) as string;
    if (family.has(layer)) continue;
    const steps = decode(clouds, "steps", "i2", i);
    family.set(layer, new Layer(steps, data.d, read("step", i), read("scale", i), decode(clouds, "mean", "f8", i)));
  }
  post("clouds", kept);
}
