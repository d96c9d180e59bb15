// The divergence by iteration, which is where the film stands and where it is sent to.
const PAD = 10; // pixels at both ends
const RATE = 14; // frames a second
const SPEEDS = [1, 2, 0.5];

class Timeline {
  // `seek(at)` is told a frame, with its share of the way to the next.
  constructor(element, seek) {
    Object.assign(this, { element, seek });
    this.svg = element.querySelector("svg");
    this.head = element.querySelector(".playhead");
    this.film = null;
    this.observer = new ResizeObserver(() => this.film && this.draw());
    this.observer.observe(element);
    element.onpointerdown = (event) => {
      element.setPointerCapture(event.pointerId);
      this.follow(event);
    };
    element.onpointermove = (event) => event.buttons && this.follow(event);
  }

  follow(event) {
    if (!this.film?.count) return;
    const { left, width } = this.element.getBoundingClientRect();
    const share = clamp(0, (event.clientX - left - PAD) / (width - 2 * PAD), 1);
    this.seek(this.frameAt(share * this.film.last));
  }

  frameAt(iteration) {
    const { iteration: all } = this.film;
    const next = all.findIndex((each) => each >= iteration);
    if (next < 0) return all.length - 1;
    return next === 0 ? 0 : next - 1 + (iteration - all[next - 1]) / (all[next] - all[next - 1]);
  }

  show(film) {
    this.film = film;
    this.element.setAttribute("aria-valuemax", film.last);
    this.draw();
  }

  draw() {
    const { film } = this;
    const [width, height] = [this.element.clientWidth, this.element.clientHeight];
    if (!width) return;
    const [top, bottom] = [20, height - 8];
    // Logarithmic, as it falls by orders of magnitude; an approximation may come out below zero.
    const levels = film.kl.map((value) => Math.log10(Math.max(value, 0.01)));
    const [low, high] = [Math.min(...levels, -0.5), Math.max(...levels, 0.5)];
    this.x = (iteration) => PAD + (iteration / film.last) * (width - 2 * PAD);
    this.y = (value) => bottom - ((Math.log10(Math.max(value, 0.01)) - low) / (high - low)) * (bottom - top);
    const line = film.kl.map((value, i) => `${this.x(film.iteration[i]).toFixed(1)} ${this.y(value).toFixed(1)}`);
    const [start, end] = [this.x(0), this.x(film.early)];
    const ends = film.count ? `M${start} ${bottom}L${line.join("L")}L${this.x(film.iteration.at(-1))} ${bottom}Z` : "";
    const known = film.count ? `<path class="area" d="${ends}"/><path class="line" d="M${line.join("L")}"/>` : "";
    this.svg.innerHTML = `<rect class="early" x="${start}" y="0" width="${end - start}" height="${height}"/>
      <path class="border" d="M${end} 0V${height}"/>
      <text x="${start}" y="13">KL divergence, logarithmic</text>
      <text x="${end + 6}" y="13">early exaggeration ends (${film.early})</text>
      <text class="told" x="${width - PAD}" y="13" text-anchor="end"></text>
      ${known}<circle class="dot" r="4.5" cx="-20"/>`;
    this.dot = this.svg.querySelector(".dot");
    this.told = this.svg.querySelector(".told");
    this.told.textContent = this.text ?? "";
    this.move(this.at ?? 0);
  }

  move(at) {
    this.at = at;
    const { film, x, y } = this;
    if (!film || !x) return;
    const left = Math.floor(at);
    const mix = (values) => values[left] + ((values[left + 1] ?? values[left]) - values[left]) * (at - left);
    const there = film.count > left ? [x(mix(film.iteration)), y(mix(film.kl))] : [x(0), -20];
    this.head.style.transform = `translateX(${there[0]}px)`;
    this.dot.setAttribute("cx", there[0]);
    this.dot.setAttribute("cy", there[1]);
  }

  say(iteration, kl) {
    this.text = `iteration ${iteration} of ${this.film.last}`;
    if (this.told && this.told.textContent !== this.text) this.told.textContent = this.text;
    this.element.setAttribute("aria-valuenow", iteration);
    this.element.setAttribute("aria-valuetext", `iteration ${iteration}, divergence ${decimals(kl)}`);
  }

  stop() {
    this.observer.disconnect();
  }
}
