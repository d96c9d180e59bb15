// Where a tour has come to: its seed, its step, and the handles that were dragged on the way. The texts are those
// of an address.
import { clamp } from "../base/elements";
import {
  compose,
  type Drag,
  dragHandle,
  planTour,
  recallPost,
  recordDrag,
  restoreMatrix,
  showFrame,
  turnTour,
} from "./core";

const LAST_STEP = 10_000_000;

/** Where a tour stands still, as Python and an address know it. */
export interface Moment {
  seed: number;
  step: number;
  turn: string;
  zoom: string;
}

export class Course {
  seed = 0;
  step = 0;
  reached = 0;
  drags: Drag[] = [];
  d = 0;
  plan!: ReturnType<typeof planTour>;
  private turn = "";
  private held: Float64Array | null = null;

  begin({ seed, step, turn }: Omit<Moment, "zoom">) {
    Object.assign(this, { seed, step, reached: step, turn, drags: [], held: null, d: 0 });
  }

  // Once it is known in how many dimensions. What had been dragged when an address was written is taken as dragged
  /** at the start. */
  prepare(d: number) {
    if (this.d === d) return;
    const post = this.turn && readTurn(this.turn, d);
    Object.assign(this, { d, plan: planTour(this.seed, d), drags: post ? [{ step: 0, post }] : [] });
  }

  /** What follows pre: (d, d). */
  get matrix() {
    return compose(this.d, turnTour(this.plan, this.step), this.post);
  }

  get post() {
    return this.held ?? recallPost(this.drags, this.step, this.d);
  }

  go(step: number) {
    this.step = clamp(0, step, LAST_STEP);
    this.reached = Math.max(this.reached, this.step);
  }

  /** A handle that is seen at p0 (d) is held at (x, y). */
  drag(p0: Float64Array, x: number, y: number) {
    this.held = dragHandle(this.post, p0, x, y);
  }

  release() {
    if (this.held) this.drags = recordDrag(this.drags, this.step, this.held);
    this.held = null;
  }

  /** Another tour that sets out from the view on show. */
  reseed(seed: number) {
    const post = this.matrix;
    Object.assign(this, { seed, step: 0, reached: 0, drags: [{ step: 0, post }], plan: planTour(seed, this.d) });
  }

  reset() {
    Object.assign(this, { step: 0, reached: 0, drags: [], held: null });
  }

  get texts(): Omit<Moment, "zoom"> {
    const dragged = this.drags.some(({ step }) => step <= this.step);
    return { seed: this.seed, step: Math.round(this.step), turn: dragged ? writeTurn(this.post, this.d) : "" };
  }
}

// The two columns of a rotation that are seen, row by row, as int16 in steps of 1/32767, low byte first, in
/** base64url (RFC 4648, 5) without padding. */
export function writeTurn(post: Float64Array, d: number) {
  const bytes = new DataView(new ArrayBuffer(4 * d));
  showFrame(post, d).forEach((x, k) => bytes.setInt16(2 * k, Math.round(32767 * clamp(-1, x, 1)), true));
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes.buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Null where nothing was dragged, or in another number of dimensions. */
export function readTurn(text: string, d: number) {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes.length !== 4 * d) return null;
  const view = new DataView(Uint8Array.from(bytes, (sign) => sign.charCodeAt(0)).buffer);
  return restoreMatrix(
    Float64Array.from({ length: 2 * d }, (_, k) => view.getInt16(2 * k, true) / 32767),
    d,
  );
}
