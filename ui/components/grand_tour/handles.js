// Handles on a canvas above the points: rings with a name, which are dragged to steer the projection.
const HANDLE = { radius: 6, reach: 10, beside: 5, line: 14, accent: "#ffb454", ground: "#14181d", ink: "#e9ecef" };
const SIDES = ["right", "left", "above", "below"]; // of a ring, where its name may stand

class HandleLayer {
  constructor(canvas) {
    Object.assign(this, { canvas, ink: canvas.getContext("2d"), handles: [], boxes: [], width: 1, height: 1 });
    this.lengths = new Map(); // of names, in pixels
    this.sides = new Map(); // where names stood last: they should not jump about
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.ink.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.lengths.clear();
  }

  // [{ name, color, x, y }], from back to front, in pixels of the page; `active` is held or pointed at, or -1.
  draw(handles, active) {
    this.handles = handles;
    const { ink } = this;
    ink.clearRect(0, 0, this.width, this.height);
    if (!handles.length) return;
    ink.font = `11px ${(this.font ??= getComputedStyle(this.canvas).fontFamily)}`;
    Object.assign(ink, { textBaseline: "middle", textAlign: "left", lineJoin: "round" });
    const order = [...handles.keys()].sort((a, b) => (a === active) - (b === active) || a - b);
    for (const i of order) this.drawRing(handles[i], i === active);
    this.boxes = this.place(order.toReversed(), active);
    this.boxes.forEach((box, i) => box && this.drawName(handles[i].name, box));
  }

  drawRing({ color, x, y }, active) {
    const { ink } = this;
    ink.beginPath();
    ink.arc(x, y, HANDLE.radius + (active ? 1.5 : 0), 0, 7);
    Object.assign(ink, { strokeStyle: HANDLE.ground, lineWidth: 4.5 }); // the samples within are seen
    ink.stroke();
    Object.assign(ink, { strokeStyle: active ? HANDLE.accent : color, lineWidth: 2 });
    ink.stroke();
    ink.beginPath();
    ink.arc(x, y, 2, 0, 7);
    Object.assign(ink, { fillStyle: color, strokeStyle: HANDLE.ground, lineWidth: 2 });
    ink.stroke();
    ink.fill();
  }

  drawName(name, { left, top }) {
    const { ink } = this;
    Object.assign(ink, { strokeStyle: `${HANDLE.ground}cc`, lineWidth: 3, fillStyle: HANDLE.ink });
    ink.strokeText(name, left, top + HANDLE.line / 2);
    ink.fillText(name, left, top + HANDLE.line / 2);
  }

  // Where names stand, by handle; undefined where there is no room for one. Those in front choose first, and the
  // active one stands in any case.
  place(order, active) {
    const boxes = [];
    const rings = this.handles.map(({ x, y }) => makeBox(x - 8, y - 8, 16, 16));
    for (const i of order) {
      const { name, x, y } = this.handles[i];
      if (!this.holds(makeBox(x, y, 0, 0))) continue;
      const last = this.sides.get(name);
      const sides = last ? [last, ...SIDES.filter((side) => side !== last)] : SIDES;
      const options = sides.map((side) => [side, this.stand(name, side, x, y)]);
      const taken = [...boxes.filter(Boolean), ...rings.filter((_, other) => other !== i)];
      const fits = ([, box]) => this.holds(box) && !taken.some((other) => overlaps(box, other));
      const found = options.find(fits) ?? (i === active ? (options.find(([, box]) => this.holds(box)) ?? options[0]) : null);
      if (!found) continue;
      this.sides.set(name, found[0]);
      boxes[i] = found[1];
    }
    return boxes;
  }

  stand(name, side, x, y) {
    if (!this.lengths.has(name)) this.lengths.set(name, this.ink.measureText(name).width);
    const [length, beside] = [this.lengths.get(name), HANDLE.radius + HANDLE.beside];
    const middle = side === "above" ? y - beside - 5 : side === "below" ? y + beside + 5 : y;
    const left = side === "right" ? x + beside : side === "left" ? x - beside - length : x - length / 2;
    return makeBox(left, middle - HANDLE.line / 2, length, HANDLE.line);
  }

  holds({ left, top, right, bottom }) {
    return left >= 0 && top >= 0 && right <= this.width && bottom <= this.height;
  }

  // The handle whose ring is nearest to a place, or -1.
  hit(px, py) {
    let [least, best] = [HANDLE.reach ** 2, -1];
    this.handles.forEach(({ x, y }, i) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance <= least) [least, best] = [distance, i];
    });
    return best;
  }

  // The handle whose ring or name is at a place, or -1.
  hitName(px, py) {
    const at = ({ left, top, right, bottom }) => px >= left && px <= right && py >= top && py <= bottom;
    const named = this.boxes.findIndex((box) => box && at(box));
    return named >= 0 ? named : this.hit(px, py);
  }
}

const makeBox = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height });
const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
