// What plots are made of, without a plot: colours and shapes, how things move, what a line encloses.

export const BACKGROUND = "#14181d";
export const ACCENT = "#ffb454";
export const SHAPES = {
  circle: "M 1 0 A 1 1 0 1 1 -1 0 A 1 1 0 1 1 1 0 Z",
  diamond: "M 0 -1.2 L 1.2 0 L 0 1.2 L -1.2 0 Z",
  triangle: "M 0 -1.2 L 1.15 0.85 L -1.15 0.85 Z",
  square: "M -0.92 -0.92 H 0.92 V 0.92 H -0.92 Z",
};
export type Shape = keyof typeof SHAPES;
export type Ink = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
export type Pair = readonly [number, number];

/** A colour that points have, and what it stands for. */
export interface Entry {
  name: string;
  color: string;
  shape: Shape;
}

/** What points are coloured by; `ends` name the ends of a continuous scale. */
export interface Coloring {
  title: string;
  entries: Entry[];
  ends: [string, string] | null;
  /** Whether the last entry is of samples without a value. */
  unknown?: boolean;
  /** What the legend cannot show. */
  note?: string;
}

/** The steps of a scale, and what is no step: samples without a value. */
export function splitScale({
  entries,
  unknown,
}: Pick<Coloring, "entries" | "unknown">): [steps: Entry[], rest: Entry[]] {
  const count = entries.length - (unknown ? 1 : 0);
  return [entries.slice(0, count), entries.slice(count)];
}

/** For those who like to see things move. */
export const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)") ?? { matches: true };
export const ease = (t: number) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

/**
 * Whether a closed line, [x, y, x, y, ...], goes round a point. Loops that it makes on its way count as inside: the
 * winding number is not zero.
 */
export function encloses(line: number[], x: number, y: number): boolean {
  let winding = 0;
  let [fromX, fromY] = line.slice(-2);
  for (let i = 0; i < line.length; i += 2) {
    const [toX, toY] = [line[i], line[i + 1]];
    const side = (toX - fromX) * (y - fromY) - (x - fromX) * (toY - fromY);
    if (fromY <= y && toY > y && side > 0) winding++;
    else if (fromY > y && toY <= y && side < 0) winding--;
    [fromX, fromY] = [toX, toY];
  }
  return winding !== 0;
}

/** How roomy a plot is: marks grow with it and with the zoom, and shrink with the number of samples. */
export const roominess = (width: number, height: number) =>
  Math.min(1.4, Math.max(0.9, (Math.min(width, height * 1.5) / 680) ** 0.5));

/** Radius of a mark in pixels. */
export function measureRadius(n: number, width: number, height: number, zoom: number): number {
  const base = n <= 150 ? 5.5 : n <= 2000 ? 3.4 : n <= 20_000 ? 2.3 : 1.4;
  return base * roominess(width, height) * Math.min(2.2, zoom ** 0.28);
}
