// The divergence by iteration, which is where the film stands and where it is sent to.
import { clamp, find } from "../base/elements";
import { writeDecimals } from "./figures";

const PAD = 10; // pixels at both ends

/** A film as far as it is there: figures of each frame, and the iterations at which phases end. */
export interface Film {
  token: string;
  hasPlane: boolean;
  count: number;
  complete: boolean;
  early: number;
  last: number;
  iteration: number[];
  kl: number[];
  accuracy: number[];
  trust: number[];
  side: number[];
}

/** Where an iteration lies among frames: a frame, with its share of the way to the next. */
export function findFrame(iterations: number[], iteration: number) {
  const next = iterations.findIndex((each) => each >= iteration);
  if (next < 0) return iterations.length - 1;
  if (next === 0) return 0;
  return next - 1 + (iteration - iterations[next - 1]) / (iterations[next] - iterations[next - 1]);
}

/** A value between two frames. */
export function interpolate(values: number[], at: number) {
  const left = Math.floor(at);
  return values[left] + ((values[left + 1] ?? values[left]) - values[left]) * (at - left);
}

export class Timeline {
  private svg: SVGElement;
  private head: HTMLElement;
  private film: Film | null = null;
  private dot?: Element;
  private told?: Element;
  private at = 0;
  private text = "";
  private x = (_: number) => 0;
  private y = (_: number) => 0;
  private observer = new ResizeObserver(() => this.draw());

  /** `seek(at)` is told a frame, with its share of the way to the next. */
  constructor(
    private element: HTMLElement,
    private seek: (at: number) => void,
  ) {
    this.svg = find<SVGElement>(element, "svg");
    this.head = find(element, ".playhead");
    this.observer.observe(element);
    element.onpointerdown = (event) => {
      element.setPointerCapture(event.pointerId);
      this.follow(event);
    };
    element.onpointermove = (event) => event.buttons && this.follow(event);
  }

  private follow(event: PointerEvent) {
    if (!this.film?.count) return;
    const { left, width } = this.element.getBoundingClientRect();
    const share = clamp(0, (event.clientX - left - PAD) / (width - 2 * PAD), 1);
    this.seek(findFrame(this.film.iteration, share * this.film.last));
  }

  show(film: Film) {
    this.film = film;
    this.element.setAttribute("aria-valuemax", String(film.last));
    this.draw();
  }

  private draw() {
    const { film } = this;
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    if (!film || !width) return;
    const [top, bottom] = [20, height - 8];
    // Logarithmic, as it falls by orders of magnitude; an approximation may come out below zero.
    const level = (value: number) => Math.log10(Math.max(value, 0.01));
    const levels = film.kl.map(level);
    const [low, high] = [Math.min(...levels, -0.5), Math.max(...levels, 0.5)];
    this.x = (iteration) => PAD + (iteration / film.last) * (width - 2 * PAD);
    this.y = (value) => bottom - ((level(value) - low) / (high - low)) * (bottom - top);
    const line = film.kl.map((value, i) => `${this.x(film.iteration[i]).toFixed(1)} ${this.y(value).toFixed(1)}`);
    const [start, end] = [this.x(0), this.x(film.early)];
    const ends = film.count ? `M${start} ${bottom}L${line.join("L")}L${this.x(film.iteration.at(-1)!)} ${bottom}Z` : "";
    const known = film.count ? `<path class="area" d="${ends}"/><path class="line" d="M${line.join("L")}"/>` : "";
    this.svg.innerHTML = `<rect class="early" x="${start}" y="0" width="${end - start}" height="${height}"/>
      <path class="border" d="M${end} 0V${height}"/>
      <text x="${start}" y="13">KL divergence, logarithmic</text>
      <text x="${end + 6}" y="13">early exaggeration ends (${film.early})</text>
      <text class="told" x="${width - PAD}" y="13" text-anchor="end"></text>
      ${known}<circle class="dot" r="4.5" cx="-20"/>`;
    this.dot = find(this.svg, ".dot");
    this.told = find(this.svg, ".told");
    this.told.textContent = this.text;
    this.move(this.at);
  }

  move(at: number) {
    this.at = at;
    const { film, dot, x, y } = this;
    if (!film || !dot) return;
    const there = film.count > Math.floor(at);
    const place = there ? [x(interpolate(film.iteration, at)), y(interpolate(film.kl, at))] : [x(0), -20];
    this.head.style.transform = `translateX(${place[0]}px)`;
    dot.setAttribute("cx", String(place[0]));
    dot.setAttribute("cy", String(place[1]));
  }

  say(iteration: number, kl: number) {
    this.text = `iteration ${iteration} of ${this.film?.last}`;
    if (this.told && this.told.textContent !== this.text) this.told.textContent = this.text;
    this.element.setAttribute("aria-valuenow", String(iteration));
    this.element.setAttribute("aria-valuetext", `iteration ${iteration}, divergence ${writeDecimals(kl)}`);
  }

  stop() {
    this.observer.disconnect();
  }
}
