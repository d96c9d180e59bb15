// Where the samples are on the screen, how large they are, and which one is where.
const REACH = 14; // pixels from the pointer within which a point is hit
const PICTURE = { side: 26, of: 1000, power: 0.32, least: 12, most: 52, enlarged: 1.5 };

// Into a box around the origin whose longer side reaches from -1 to 1.
function normalize(flat) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  flat.forEach((v, i) => {
    low[i & 1] = Math.min(low[i & 1], v);
    high[i & 1] = Math.max(high[i & 1], v);
  });
  const half = [0, 1].map((axis) => (high[axis] - low[axis]) / 2);
  const scale = 1 / (Math.max(...half) || 1);
  return {
    at: flat.map((v, i) => (v - (low[i & 1] + high[i & 1]) / 2) * scale),
    half: half.map((h) => h * scale || 1e-6),
  };
}

class Stage {
  constructor(points, marks) {
    this.painter = new Painter(points);
    this.marks = new Marks(marks);
    this.travel = new Travel();
    this.camera = new Camera();
    this.cast = new Cast();
    this.album = null; // the pictures, where they are shown and at hand
  }

  get ready() {
    return this.camera.width > 0;
  }

  resize(width, height) {
    this.ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(this.camera, { width, height });
    this.painter.resize(width, height, this.ratio);
    this.marks.resize(width, height, this.ratio);
    this.made = null;
  }

  // `entries` are the colours. Positions of other samples do not travel.
  show(entries, positions, another) {
    if (another) this.camera.set({ k: 1, x: 0, y: 0 });
    this.entries = entries;
    this.n = positions.length / 2;
    this.travel.go(normalize(positions), another);
    if (this.camera.moved && this.ready && !this.holds(this.travel.target)) this.camera.glide({ k: 1, x: 0, y: 0 });
    this.made = null;
    this.look();
  }

  // Whether a layout has a sample in the part that is zoomed to: an empty plot would look broken.
  holds({ at, half }) {
    const { width, height } = this.camera;
    const { s, x, y } = this.camera.view(half);
    for (let i = 0; i < at.length; i += 2) {
      const [px, py] = [x + at[i] * s, y - at[i + 1] * s];
      if (px > 0 && px < width && py > 0 && py < height) return true;
    }
    return false;
  }

  look() {
    this.view = this.camera.view(this.travel.half);
  }

  place(i) {
    const { s, x, y } = this.view;
    return [x + this.travel.at[2 * i] * s, y - this.travel.at[2 * i + 1] * s];
  }

  // What a sample looks like: a legend entry.
  entry(i) {
    return this.entries[this.cast.groups[i]];
  }

  get radius() {
    return measureRadius(this.n, this.camera.width, this.camera.height, this.camera.pose.k);
  }

  // Null while points are drawn.
  get size() {
    if (!this.album) return null;
    const { side, of, power, least, most, enlarged } = PICTURE;
    const base = clamp(least, side * (of / this.n) ** power, most) * roominess(this.camera.width, this.camera.height) ** 0.5;
    return Math.round(Math.min(base * this.camera.pose.k ** 0.5, enlarged * this.album.side));
  }

  // How far a sample reaches around its place.
  get girth() {
    return (this.size ?? 2 * this.radius) * 0.7;
  }

  // One frame; says whether something moves on.
  paint(now) {
    const moves = [this.travel.step(now), this.camera.step(now)].includes(true);
    this.look();
    const { view, cast, size } = this;
    const { at } = this.travel;
    if (size) {
      const colors = this.entries.map(({ color }) => color);
      this.painter.paintPictures(at, view, cast, this.album, size, colors);
    } else this.painter.paintPoints(at, view, cast, this.stamp());
    return moves;
  }

  // The pictures of marks, made again when their size or their parts have changed.
  stamp() {
    const radius = Math.round(this.radius * this.ratio * 8) / 8;
    const made = `${radius}/${this.cast.used}`;
    if (this.made !== made) this.stamps = makeStamps(this.entries, this.cast.used, radius);
    this.made = made;
    return this.stamps;
  }

  mark(marked) {
    this.marks.draw(this, marked);
  }

  // The picture on top, or the nearest point. Going through 7000 takes a twentieth of a millisecond.
  hit(px, py) {
    this.look();
    const half = (this.size ?? 0) / 2;
    const { order, free } = this.cast;
    const { s, x, y } = this.view;
    const { at } = this.travel;
    let [reach, best] = [(REACH + half) ** 2, -1];
    for (let next = order.length - 1; next >= 0; next--) {
      const i = order[next];
      if (!free[i]) continue;
      const dx = x + at[2 * i] * s - px;
      const dy = y - at[2 * i + 1] * s - py;
      if (Math.abs(dx) < half && Math.abs(dy) < half) return i;
      const distance = dx * dx + dy * dy;
      if (distance < reach) [reach, best] = [distance, i];
    }
    return best;
  }

  // The nearest point in a direction; what lies off to the side counts as farther away. Without a point
  // to start from, the one nearest to the middle.
  next(from, [ux, uy]) {
    const start = from >= 0 ? this.place(from) : [this.view.x, this.view.y];
    let [least, best] = [Infinity, -1];
    for (let i = 0; i < this.n; i++) {
      if (i === from || !this.cast.free[i]) continue;
      const [dx, dy] = this.place(i).map((v, axis) => v - start[axis]);
      const along = dx * ux + dy * uy;
      const aside = Math.abs(dx * uy - dy * ux);
      const ahead = along > 0 && aside <= 2 * along ? along + 2 * aside : Infinity;
      const cost = from >= 0 ? ahead : Math.hypot(dx, dy);
      if (cost < least) [least, best] = [cost, i];
    }
    return best;
  }

  // What a line goes round, rising.
  within(line) {
    const found = [];
    for (let i = 0; i < this.n; i++) {
      if (this.cast.free[i] && encloses(line, ...this.place(i))) found.push(i);
    }
    return found;
  }
}
