// Channels as dots: selectivity to the right, strength upwards, and above them how many are how selective.
const BINS = 20;
const CROWN = 0.2; // of the height: the histogram
const GAP = 0.1; // below it, for a label
const GUTTER = 0.11; // of the width: those for which selectivity is not defined
const REACH = 14; // pixels within which a dot is under the pointer

const write = (value) => {
  const size = Math.abs(value);
  const text = size === 0 ? "0" : size >= 1000 || size < 0.001 ? value.toExponential(1) : String(+value.toPrecision(3));
  return text.replace("-", "−");
};

class Field {
  constructor(box, onPick) {
    this.box = box;
    this.onPick = onPick;
    this.canvas = make("canvas");
    this.tip = box.querySelector(".tip");
    box.insertBefore(this.canvas, this.tip);
    box.onpointermove = (event) => this.point(event);
    box.onpointerleave = () => this.show(-1);
    box.onclick = (event) => {
      const found = this.find(event);
      if (found >= 0) this.onPick(found);
    };
    this.observer = new ResizeObserver(() => this.paint());
    this.observer.observe(box);
  }

  set(data, describe) {
    this.data = data;
    this.describe = describe;
    const { index, strongest } = data;
    const missing = index.filter((each) => each === null).length;
    this.bare = missing === index.length; // then they stand by their numbers
    this.undefined = missing > 0 && !this.bare;
    this.low = Math.min(0, ...strongest);
    this.high = Math.max(...strongest);
    if (this.high === this.low) this.high = this.low + 1;
    this.counts = Array(BINS).fill(0);
    for (const each of index) if (each !== null) this.counts[Math.min(BINS - 1, Math.floor(each * BINS))]++;
    this.paint();
  }

  // Where a channel stands, in shares of the box.
  place(i) {
    const { index, strongest } = this.data;
    const start = this.undefined ? GUTTER : 0;
    const spread = ((i * 0.618034) % 1) * (GUTTER - 0.03) + 0.01; // side by side, so that few hide others
    const known = index[i] === null ? spread : start + index[i] * (1 - start);
    const x = this.bare ? (i + 0.5) / index.length : known;
    const y = (strongest[i] - this.low) / (this.high - this.low);
    return [x, CROWN + GAP + (1 - CROWN - GAP - 0.02) * (1 - y)];
  }

  paint() {
    if (!this.data) return;
    this.drawFrame();
    const { clientWidth: width, clientHeight } = this.box;
    const height = clientHeight - 16;
    const ratio = devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * ratio, height: height * ratio });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const { strongest, preferred, classes, current } = this.data;
    this.dots = strongest.map((_, i) => this.place(i).map((share, axis) => share * (axis ? height : width)));
    const radius = strongest.length > 400 ? 2.2 : 3;
    const dot = ([x, y], color, size, alpha) => {
      context.globalAlpha = alpha;
      context.fillStyle = color;
      context.beginPath();
      context.arc(x, y, size, 0, 7);
      context.fill();
    };
    this.dots.forEach((at, i) => dot(at, classes[preferred[i]]?.[1] ?? "#6d7884", radius, 0.78));
    const at = this.dots[current];
    if (!at) return;
    dot(at, "#14181d", radius + 4, 1);
    dot(at, "#ffb454", radius + 3, 1);
    dot(at, classes[preferred[current]]?.[1] ?? "#6d7884", radius + 0.6, 1);
  }

  drawFrame() {
    const start = this.undefined ? GUTTER : 0;
    const most = Math.max(1, ...this.counts);
    const [x] = this.place(this.data.current);
    const bars = this.counts.map((count, i) => {
      const height = (CROWN * count) / most;
      const width = (1 - start) / BINS;
      return `<rect class="bar" x="${start + i * width}" y="${CROWN - height}" width="${width * 0.92}" height="${height}"/>`;
    });
    const gutter = this.undefined ? `<rect class="gutter" x="0" y="${CROWN}" width="${GUTTER - 0.015}" height="${1 - CROWN}"/>` : "";
    const svg = this.box.querySelector("svg");
    svg.setAttribute("viewBox", "0 0 1 1");
    svg.innerHTML = `${gutter}${bars.join("")}<path class="axis" d="M${start} ${CROWN}H1M${start} 1H1"/><path class="mark" d="M${x} 0V1"/>`;
    const crown = `calc(${100 * CROWN}% - ${16 * CROWN - 3}px)`;
    const left = `calc(${100 * start}% + 3px)`;
    const set = (name, text, place) => {
      const label = this.box.querySelector(name);
      label.textContent = text;
      Object.assign(label.style, place);
    };
    set(".top", `↑ ${write(this.high)} strongest activation`, { top: crown, left });
    set(".bottom", write(this.low), { bottom: "18px", left });
    const none = this.box.querySelector(".none");
    none.hidden = !this.undefined;
    const scale = this.box.querySelector(".scale");
    scale.style.left = `${100 * start}%`;
    const ends = this.bare ? ["0", "by number: none has a selectivity", String(this.data.index.length - 1)] : ["0", "selectivity", "1"];
    ends.forEach((text, i) => (scale.children[i].textContent = text));
    const label = `${this.counts.reduce((sum, each) => sum + each, 0)} of ${this.data.strongest.length} have a selectivity`;
    svg.setAttribute("aria-label", label);
  }

  find(event) {
    const { left, top } = this.box.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    let best = -1;
    let least = REACH ** 2;
    this.dots?.forEach(([dx, dy], i) => {
      const distance = (dx - x) ** 2 + (dy - y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  point(event) {
    this.show(this.find(event));
  }

  show(i) {
    this.tip.hidden = i < 0;
    this.box.style.cursor = i < 0 ? "default" : "pointer";
    if (i < 0) return;
    this.tip.replaceChildren(...this.describe(i));
    const [x, y] = this.dots[i];
    const room = this.box.clientWidth;
    const flip = x > room / 2;
    Object.assign(this.tip.style, {
      left: flip ? "auto" : `${x + 10}px`,
      right: flip ? `${room - x + 10}px` : "auto",
      top: `${Math.max(0, y - 20)}px`,
    });
  }
}
