// How far a view can be trusted: whether samples that lie side by side in it are neighbours in the cloud.
import { createRandom, type Samples } from "./core";

type Near = { ids: Int32Array; distances: Float64Array };

// Trustworthiness (Venna and Kaski 2001, "Neighborhood preservation in nonlinear projection methods"): 1 where
// the k nearest in `seen` (n, 2) of every anchor are among its k nearest in X (n, d), about 0.5 for a view that
// knows nothing of X. With all samples for anchors it is sklearn.manifold.trustworthiness. Of samples that are
/** equally far the first counts as the nearer one. `k` stays below n / 2; NaN for fewer than three samples. */
export function measureTrust(X: Samples, d: number, seen: Float32Array, k: number, anchors: Int32Array) {
  const n = seen.length / 2;
  const count = Math.min(k, Math.ceil(n / 2) - 1);
  const near = { ids: new Int32Array(count), distances: new Float64Array(count) };
  const away = new Float64Array(n);
  let intruded = 0;
  for (const i of anchors) {
    findNearest(seen, i, near);
    measureDistances(X, d, i, away);
    intruded += countIntrusions(away, near.ids);
  }
  return count > 0 ? 1 - (2 * intruded) / (anchors.length * count * (2 * n - 3 * count - 1)) : NaN;
}

/** The nearest samples in a view, nearest first, into `near`. */
function findNearest(seen: Float32Array, i: number, { ids, distances }: Near) {
  const last = ids.length - 1;
  const [x, y] = [seen[2 * i], seen[2 * i + 1]];
  distances.fill(Infinity);
  for (let j = 0, from = 0; from < seen.length; j++, from += 2) {
    const [dx, dy] = [seen[from] - x, seen[from + 1] - y];
    const distance = dx * dx + dy * dy;
    if (distance >= distances[last] || j === i) continue;
    let at = last;
    for (; at > 0 && distances[at - 1] > distance; at--) {
      distances[at] = distances[at - 1];
      ids[at] = ids[at - 1];
    }
    distances[at] = distance;
    ids[at] = j;
  }
}

/** Squared distances of all samples from one, which is no neighbour of its own. */
function measureDistances(X: Samples, d: number, i: number, away: Float64Array) {
  const own = X.slice(i * d, i * d + d);
  for (let j = 0, from = 0; j < away.length; j++, from += d) {
    let sum = 0;
    for (let k = 0; k < d; k++) {
      const dx = X[from + k] - own[k];
      sum += dx * dx;
    }
    away[j] = sum;
  }
  away[i] = Infinity;
}

// By how many places the neighbours of a view are too far away, in all. Neighbours in the order of their
// distance in X divide the others into shells; whoever is in a shell or a nearer one pushes a neighbour back.
/** Most samples are farther than all neighbours: one comparison each. */
function countIntrusions(away: Float64Array, ids: Int32Array) {
  const sorted = ids.toSorted((a, b) => away[a] - away[b] || a - b);
  const limits = Float64Array.from(sorted, (id) => away[id]);
  const shells = new Int32Array(ids.length + 1);
  for (let j = 0; j < away.length; j++) {
    const distance = away[j];
    let shell = ids.length;
    for (; shell > 0; shell--) {
      const limit = limits[shell - 1];
      if (distance > limit || (distance === limit && j >= sorted[shell - 1])) break;
    }
    shells[shell]++;
  }
  let [rank, intruded] = [1, 0];
  for (let shell = 0; shell < ids.length; shell++) {
    rank += shells[shell];
    intruded += Math.max(0, rank - ids.length);
  }
  return intruded;
}

// Samples to measure at, spread evenly: one at random in each of `count` equal parts. A fixed stride would miss
/** whole classes, because samples come class after class in turn. */
export function chooseAnchors(n: number, count: number) {
  const random = createRandom(n);
  const parts = Math.min(n, count);
  return Int32Array.from({ length: parts }, (_, part) => {
    const [from, to] = [part, part + 1].map((edge) => Math.floor((edge * n) / parts));
    return from + Math.floor(random() * (to - from));
  });
}

// --- measured a little at a time: no frame waits for it -----------------------------------------------

const METER = { neighbors: 10, every: 334, slice: 6, least: 4, moving: 200, resting: 1000 }; // milliseconds, anchors

interface Cloud {
  X: Samples;
  d: number;
  seen: Float32Array;
}

export class TrustMeter {
  private cost: number | null = null; // milliseconds an anchor
  private last = -Infinity;
  private measured: Float32Array | null = null;
  private timer?: ReturnType<typeof setTimeout>;

  // `tell` hears of each result; about: not all samples were measured at.
  constructor(private tell: (value: number, about: boolean) => void) {}

  /** While the view moves: at few anchors, three times a second. */
  glance(now: number, take: () => Cloud) {
    this.stop();
    this.measured = null;
    if (now - this.last < METER.every) return;
    this.last = now;
    const cloud = take();
    const n = cloud.seen.length / 2;
    const count = Math.min(METER.moving, this.afford(n));
    this.tell(this.measure(cloud, chooseAnchors(n, count)), count < n);
  }

  /** At rest: in slices, once for what is seen. */
  settle(take: () => Cloud) {
    const cloud = take();
    if (this.measured === cloud.seen) return;
    this.stop();
    this.measured = cloud.seen;
    const n = cloud.seen.length / 2;
    const anchors = chooseAnchors(n, METER.resting);
    let [from, sum] = [0, 0];
    const slice = () => {
      const part = anchors.subarray(from, from + this.afford(n));
      sum += part.length * this.measure(cloud, part);
      from += part.length;
      if (from < anchors.length) this.timer = setTimeout(slice, 16);
      else this.tell(sum / anchors.length, anchors.length < n);
    };
    this.timer = setTimeout(slice, 16);
  }

  /** How many anchors fit into a slice, by what the last ones have cost. */
  private afford(n: number) {
    return Math.max(METER.least, Math.floor(METER.slice / (this.cost ?? n / 5000)));
  }

  private measure({ X, d, seen }: Cloud, anchors: Int32Array) {
    const began = performance.now();
    const value = measureTrust(X, d, seen, METER.neighbors, anchors);
    const cost = (performance.now() - began) / anchors.length;
    this.cost = this.cost === null ? cost : 0.7 * this.cost + 0.3 * cost;
    return value;
  }

  stop() {
    clearTimeout(this.timer);
  }
}
