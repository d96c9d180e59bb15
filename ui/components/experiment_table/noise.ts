// What repetition alone gives: figures of experiments that differ in nothing but their seeds.
import type { FigureColumn } from "./sorting";

const HALF = 0.0005; // figures are written with three digits

/** Whether a figure lies where repetition alone puts it, as far as it is written. */
export function isNoise(value: number | null, { noise }: FigureColumn): boolean {
  return value !== null && !!noise && value >= noise[0] - HALF && value <= noise[1] + HALF;
}

/** Half of their range, below the name of the column. */
export const writeNoise = ([low, high]: [number, number]) => `±${((high - low) / 2).toFixed(3)}`;

export function tellNoise({ noise, n_repeated }: FigureColumn): string {
  if (!noise) return "";
  const [low, high] = noise.map((each) => each.toFixed(3));
  const range = low === high ? `all ${low}` : `${low} to ${high}`;
  return ` Of ${n_repeated} experiments that differ in nothing but their seeds: ${range}; figures within are faint.`;
}
