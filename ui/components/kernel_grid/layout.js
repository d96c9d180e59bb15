// Where tiles lie: one after the other, as large as fits, or in rows of input channels and columns of
// filters. A weight is a whole number of the screen's pixels, unless it has so many that nobody sees one
// more or less.
const LIST = { gap: 10, widest: 28, bar: 5, caption: 17 };
const GUTTER = { left: 62, top: 40 };
const MANY = 6;
const LARGEST = 30; // pixels of a weight in a matrix
const CAPTIONED = 26; // pixels: narrower tiles have no room for a number

class Layout {
  constructor(facts, width, height, ratio) {
    Object.assign(this, { facts, width, height, ratio });
    this.isList = facts.rows === 1;
    if (this.isList) this.list();
    else this.matrix();
  }

  // Sides of a tile whose weights have so many pixels at most; less than one only in a crowd.
  measure(room) {
    const { facts, ratio } = this;
    const whole = room * ratio < MANY ? Math.floor(room * ratio) / ratio || Math.max(0.25, room) : room;
    this.w = Math.floor(whole * facts.width * ratio) / ratio || whole;
    this.h = Math.floor(whole * facts.height * ratio) / ratio || whole;
  }

  list() {
    const { facts, width, height } = this;
    let best = { unit: -1 };
    for (let across = 1; across <= facts.columns; across++) {
      const down = Math.ceil(facts.columns / across);
      const wide = (width - (across - 1) * LIST.gap) / across / facts.width;
      const high = (height - (down - 1) * LIST.gap) / down - LIST.bar;
      const side = Math.min(wide, (high - LIST.caption) / facts.height);
      const captioned = side * facts.width >= CAPTIONED;
      const unit = captioned ? side : Math.min(wide, high / facts.height, CAPTIONED / facts.width);
      if (unit > best.unit) best = { unit, across, captioned };
    }
    this.across = best.across;
    this.captioned = best.captioned;
    this.measure(best.unit);
    // What is left over widens the gaps.
    const [down, under] = [Math.ceil(facts.columns / this.across), LIST.bar + (this.captioned ? LIST.caption : 0)];
    const spread = (room, n) => (n > 1 ? Math.min(LIST.widest, Math.max(LIST.gap, room / (n - 1))) : 0);
    this.dx = this.w + spread(width - this.across * this.w, this.across);
    this.dy = this.h + under + spread(height - down * (this.h + under), down);
    Object.assign(this, { x0: 0, y0: 0 });
  }

  matrix() {
    const { facts, width, height } = this;
    const gap = facts.width * facts.height > 1 ? 2 : 0;
    const wide = ((width - GUTTER.left) / facts.columns - gap) / facts.width;
    const high = ((height - GUTTER.top) / facts.rows - gap) / facts.height;
    this.measure(Math.min(wide, high, LARGEST));
    this.dx = this.w + gap;
    this.dy = this.h + gap;
    this.across = facts.columns;
    Object.assign(this, { x0: GUTTER.left, y0: GUTTER.top });
  }

  // Left, top, width and height of a tile, by its number: row by row.
  place(i) {
    const [row, column] = [Math.floor(i / this.across), i % this.across];
    return [this.x0 + column * this.dx, this.y0 + row * this.dy, this.w, this.h];
  }

  // The tile at a point, -1 where there is none. The gutter above a column belongs to its first tile.
  at(x, y) {
    const [column, row] = [Math.floor((x - this.x0) / this.dx), Math.max(0, Math.floor((y - this.y0) / this.dy))];
    const i = row * this.across + column;
    return column >= 0 && column < this.across && i < this.facts.rows * this.facts.columns ? i : -1;
  }

  // Its column in the arrays: the filter.
  column(i) {
    return this.isList ? i : i % this.across;
  }

  row(i) {
    return this.isList ? 0 : Math.floor(i / this.across);
  }
}
