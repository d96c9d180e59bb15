// Arrow keys go from point to point.
import type { Pair } from "./geometry";

/** What is walked over: `count` points, the places of those that can be reached; the middle without a start. */
export interface Ground {
  count: number;
  isFree(i: number): boolean;
  place(i: number): Pair;
  middle: Pair;
}

/**
 * The nearest point in a direction, -1 where there is none; what lies off to the side counts as farther away. Without a
 * point to start from (-1), the one nearest to the middle.
 */
export function findAhead({ count, isFree, place, middle }: Ground, from: number, [ux, uy]: Pair): number {
  const [x, y] = from >= 0 ? place(from) : middle;
  let [best, least] = [-1, Infinity];
  for (let i = 0; i < count; i++) {
    if (i === from || !isFree(i)) continue;
    const [px, py] = place(i);
    const [dx, dy] = [px - x, py - y];
    const [along, aside] = [dx * ux + dy * uy, Math.abs(dx * uy - dy * ux)];
    const ahead = along > 0 && aside <= 2 * along ? along + 2 * aside : Infinity;
    const cost = from >= 0 ? ahead : Math.hypot(dx, dy);
    if (cost < least) [best, least] = [i, cost];
  }
  return best;
}
