// The samples of a plot as they come from Python (`PlotSamples`, `Predictions`), and what is said of them.
import { decodeAll, type Table } from "../base/component";
import type { Coloring, Pair } from "./geometry";
import { encloses } from "./geometry";
import type { Described } from "./tooltip";

/** What comes beside the columns. */
export interface SampleData {
  classes: string[];
  coloring: Coloring;
  family: string;
}

export const decodeSamples = (table: Table) => decodeAll(table, { labels: "i4", groups: "i4", faded: "u1" });
export type Samples = ReturnType<typeof decodeSamples>;

export function decodePredictions(table: Table, suffix: number | "" = "") {
  const kinds = { [`predicted${suffix}`]: "i4", [`correct${suffix}`]: "i1", [`confidence${suffix}`]: "f4" } as const;
  const [predicted, correct, confidence] = Object.values(decodeAll(table, kinds));
  return { predicted, correct, confidence };
}
export type Predictions = ReturnType<typeof decodePredictions>;

/** For the tooltip; without names of outputs nothing is known of predictions. */
export function describeSample(
  uid: number,
  { labels, groups }: Samples,
  { classes, coloring, family }: SampleData,
  { predicted, correct, confidence }: Predictions,
  outputs: string[] | null,
): Omit<Described, "color"> {
  return {
    uid,
    family,
    true: classes[labels[uid]] ?? "",
    group: [coloring.title, coloring.entries[groups[uid]]?.name ?? ""],
    predicted: outputs?.[predicted[uid]] ?? "",
    correct: correct[uid],
    confidence: confidence[uid],
  };
}

/** How many samples each legend entry has: of all, and of those that filters leave. Views with groups of their own add up. */
export function countEntries(n: number, views: Int32Array[], faded: Uint8Array): [totals: number[], counts: number[]] {
  const [totals, counts] = [new Array<number>(n).fill(0), new Array<number>(n).fill(0)];
  for (const groups of views) {
    groups.forEach((group, i) => {
      totals[group]++;
      counts[group] += faded[i] ? 0 : 1;
    });
  }
  return [totals, counts];
}

/** What a line goes round of the samples in reach, rising. */
export function listEnclosed(line: number[], free: Uint8Array, place: (i: number) => Pair): number[] {
  const found: number[] = [];
  free.forEach((reached, i) => reached && encloses(line, ...place(i)) && found.push(i));
  return found;
}
