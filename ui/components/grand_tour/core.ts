// The mathematics of a Grand Tour (Asimov 1985, SIAM J. Sci. Stat. Comput. 6:128), without a browser. Samples
// are the rows of X (n, d), d >= 2, matrices (d, d) Float64Arrays, row by row, and a view is the first two
// columns of X . pre . procrustes . tour . post. Nothing that is passed in is written to.
export type Samples = Float32Array | Float64Array;
const PACE = 0.005; // radians that an axis of the view turns in one step, on average

// Mulberry32 (Tommy Ettinger 2017, public domain): numbers in [0, 1) from a 32-bit seed.
export function createRandom(seed: number) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Every plane once, in the rounds of a tournament, which mix all coordinates alike if their order is random;
// then the first two axes' in order, which alone can make any view (Hurwitz 1897): none is out of reach.
function drawPlanes(d: number, random: () => number) {
  const rest = d - 1 + (d % 2); // players that go round; where d is odd, the one who stays is not there
  const rounds = Array.from({ length: rest }, (_, round) => [random(), round]).sort((a, b) => a[0] - b[0]);
  const planes: [number, number][] = [];
  for (const [, round] of rounds) {
    if (rest < d) planes.push([rest, round]);
    for (let k = 1; 2 * k <= rest; k++) planes.push([(round + k) % rest, (round - k + rest) % rest]);
  }
  for (const axis of [0, 1]) for (let j = axis + 1; j < d; j++) planes.push([axis, j]);
  return planes;
}

// Each plane turns at a random rate of its own, in radians a step.
export function planTour(seed: number, d: number) {
  const random = createRandom(seed);
  const turns = drawPlanes(d, random).map(([i, j]) => ({ i, j, rate: 0.5 + random() }));
  const speed = Math.sqrt((2 / d) * turns.reduce((sum, { rate }) => sum + rate ** 2, 0));
  return { d, turns: turns.map((turn) => ({ ...turn, rate: (turn.rate * PACE) / speed })) };
}

// The tour's rotation after `step` steps, whole or not. It is made from its angles, so that any moment is at
// hand at once and no error grows. Multiplying by one small rotation again and again would make its powers:
// they stay on a torus of d/2 dimensions, and in three dimensions turn about one axis for ever.
export function turnTour({ d, turns }: ReturnType<typeof planTour>, step: number) {
  const m = identity(d);
  for (const { i, j, rate } of turns) {
    const [c, s] = [Math.cos(rate * step), Math.sin(rate * step)];
    for (let row = 0; row < d * d; row += d) {
      const [x, y] = [m[row + i], m[row + j]];
      [m[row + i], m[row + j]] = [c * x - s * y, s * x + c * y];
    }
  }
  return m;
}

// --- samples --------------------------------------------------------------------------------------

// X . m, in the type of X.
export function transform<Kind extends Samples>(X: Kind, d: number, m: Float64Array) {
  const out = X.slice() as Kind;
  for (let from = 0; from < X.length; from += d) {
    for (let j = 0; j < d; j++) {
      let sum = 0;
      for (let k = 0; k < d; k++) sum += X[from + k] * m[k * d + j];
      out[from + j] = sum;
    }
  }
  return out;
}

// Samples or means of some on their way from one layer, t = 0, to another, t = 1, both aligned.
export const interpolate = <Kind extends Samples>(from: Kind, to: Samples, t: number) =>
  from.map((x, k) => x + (to[k] - x) * t) as Kind;

// The orthogonal Q for which X . Q comes nearest to Y (Schoenemann 1966). It may mirror, which does no harm
// where positions are interpolated rather than matrices. A layer X' after one with the samples
// X . pre . procrustes has the `procrustes` alignLayers(X' . pre, X . pre . procrustes).
export function alignLayers(X: Samples, Y: Samples, d: number) {
  const m = new Float64Array(d * d); // X^T Y
  for (let from = 0; from < X.length; from += d) {
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) m[i * d + j] += X[from + i] * Y[from + j];
  }
  const { u, v } = decompose(m, d);
  return m.map((_, k) => u.reduce((sum, row, r) => sum + row[Math.floor(k / d)] * v[r][k % d], 0));
}

// --- handles --------------------------------------------------------------------------------------

// Where a handle at p0 (d) goes to be seen at (x, y): as far from the origin as before, its other coordinates
// in their proportion. What is farther out than that only comes to the rim.
function aim(p0: Float64Array, x: number, y: number) {
  const radius = Math.hypot(...p0);
  const shrink = Math.min(1, radius / (Math.hypot(x, y) || 1));
  const left = Math.sqrt(Math.max(0, radius ** 2 - (x * x + y * y) * shrink ** 2));
  const hidden = Math.hypot(...p0.slice(2));
  const p1 = Float64Array.from(p0, (p, k) => [x * shrink, y * shrink][k] ?? (p * left) / (hidden || 1));
  if (!hidden && p0.length > 2) p1[2] = left; // it lies in the view: any way out will do
  // Two dimensions leave the direction only.
  return p0.length > 2 ? p1 : p1.map((p) => (p * radius) / (Math.hypot(...p1) || 1));
}

// The rotation that carries p0 onto p1, of the same length, in the plane of both; the rest stays as it is.
export function rotateOnto(p0: Float64Array, p1: Float64Array) {
  const d = p0.length;
  const length = Math.hypot(...p0) || 1;
  const [a, b] = [p0, p1].map((p) => Float64Array.from(p, (x) => x / length));
  const c = dot(a, b);
  let u = b.map((x, k) => x - c * a[k]);
  let s = Math.hypot(...u);
  if (s < 1e-8 && c >= 0) return identity(d);
  // Half a turn only happens to what lies in the view: it is turned there.
  if (s < 1e-8) [u, s] = [u.map((_, k) => [-a[1], a[0]][k] ?? 0), 0];
  else u = u.map((x) => x / s);
  return identity(d).map((one, k) => {
    const [i, j] = [Math.floor(k / d), k % d];
    return one + (c - 1) * (a[i] * a[j] + u[i] * u[j]) + s * (a[i] * u[j] - u[i] * a[j]);
  });
}

// `post` after a handle has been dragged from p0, where it lies with `post` in force, to (x, y).
export function dragHandle(post: Float64Array, p0: Float64Array, x: number, y: number) {
  return orthonormalize(compose(p0.length, post, rotateOnto(p0, aim(p0, x, y))), p0.length);
}

// What was dragged when, [{ step, post }], rising. A drag takes back those that came later.
export type Drag = { step: number; post: Float64Array };
export const recordDrag = (drags: Drag[], step: number, post: Float64Array) => [
  ...drags.filter((drag) => drag.step < step),
  { step, post },
];
export const recallPost = (drags: Drag[], step: number, d: number) =>
  drags.findLast((drag) => drag.step <= step)?.post ?? identity(d);

// --- matrices -------------------------------------------------------------------------------------

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, k) => sum + x * b[k], 0);
export const identity = (d: number) => Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) ? 0 : 1));
export const transpose = (m: ArrayLike<number>, d: number) =>
  Float64Array.from(m, (_, k) => m[(k % d) * d + Math.floor(k / d)]);
export const compose = (d: number, ...factors: Float64Array[]) =>
  factors.reduce((left, right) => transform(left, d, right), identity(d));
const listRows = (m: Float64Array, d: number) =>
  Array.from({ length: m.length / d }, (_, row) => m.slice(row * d, row * d + d));

// The two columns of a matrix that are seen, (d, 2). `restoreMatrix` makes a matrix of them that shows the same
// now and after any drag: how the hidden columns are turned among themselves is never seen.
export const showFrame = (m: Float64Array, d: number) =>
  Float64Array.from({ length: 2 * d }, (_, k) => m[(k >> 1) * d + (k & 1)]);
export const restoreMatrix = (frame: Samples, d: number) => {
  const columns = [0, 1].flatMap((column) => [...frame].filter((_, k) => k % 2 === column));
  return transpose(orthonormalize(columns, d), d);
};

// Rows that are orthonormal but for rounding, made so, and d of them: missing ones are taken from the axes.
// Gram-Schmidt, each twice for the sake of rounding (Giraud, Langou and Rozloznik 2005).
function orthonormalize(rows: Iterable<number>, d: number) {
  const basis: Float64Array[] = [];
  for (const row of listRows(Float64Array.of(...rows, ...identity(d)), d)) {
    for (const known of [...basis, ...basis]) {
      const along = dot(row, known);
      known.forEach((x, k) => (row[k] -= along * x));
    }
    const length = Math.hypot(...row);
    if (length > 0.5 / Math.sqrt(d)) basis.push(row.map((x) => x / length)); // of each d axes one has more
  }
  return Float64Array.from(basis.flatMap((row) => [...row]));
}

// Singular vectors as rows, the largest first, by one-sided Jacobi rotations (Hestenes 1958; Golub and
// Van Loan 2013, 8.6.3): the columns of m . v are turned in pairs until all are orthogonal. Where the
// singular value is nil, u is as near to v as it can be.
function decompose(m: Float64Array, d: number) {
  const [w, v] = [listRows(transpose(m, d), d), listRows(identity(d), d)];
  const pairs = [...m.keys()].map((k) => [Math.floor(k / d), k % d]).filter(([p, q]) => p < q);
  const nil = 1e-15 * d * Math.hypot(...m);
  for (let sweep = 0, turned = true; turned && sweep < 40; sweep++) {
    turned = false;
    for (const [p, q] of pairs) {
      const [alpha, beta, gamma] = [dot(w[p], w[p]), dot(w[q], w[q]), dot(w[p], w[q])];
      if (Math.min(alpha, beta) <= nil ** 2 || Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) continue;
      const zeta = (beta - alpha) / (2 * gamma);
      const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
      const c = 1 / Math.hypot(1, t);
      const turn = (a: Float64Array, b: Float64Array) => [
        a.map((x, k) => c * (x - t * b[k])),
        b.map((x, k) => c * (x + t * a[k])),
      ];
      for (const each of [w, v]) [each[p], each[q]] = turn(each[p], each[q]);
      turned = true;
    }
  }
  const length = w.map((row) => Math.hypot(...row)); // the singular values
  const order = [...length.keys()].sort((p, q) => length[q] - length[p]);
  const u = order.flatMap((k) => [...(length[k] > nil ? w[k].map((x) => x / length[k]) : v[k])]);
  return { u: listRows(orthonormalize(u, d), d), v: order.map((k) => v[k]) };
}
