// Which part of the graph is seen, and how large: wheel, drag and keys.
const ZOOM = { least: 0.05, most: 2.5, step: 1.25, wheel: 0.0015 };
const CLICK = 4; // pixels that a hand may tremble

class Viewport {
  // moved() is told of every change, clicked(target) of a press without a drag.
  constructor(svg, world, { moved, clicked }) {
    Object.assign(this, { svg, world, moved, clicked });
    this.pose = { s: 1, x: 0, y: 0 };
    this.size = { width: 0, height: 0 };
    this.listen();
  }

  get room() {
    return { width: this.svg.clientWidth, height: this.svg.clientHeight };
  }

  set(pose) {
    const { width, height } = this.room;
    const s = Math.min(ZOOM.most, Math.max(ZOOM.least, pose.s));
    // A hand's breadth of the graph stays in sight.
    const keep = (at, room, length) => Math.min(room - 60, Math.max(60 - length * s, at));
    this.pose = { s, x: keep(pose.x, width, this.size.width), y: keep(pose.y, height, this.size.height) };
    this.world.setAttribute("transform", `translate(${this.pose.x} ${this.pose.y}) scale(${s})`);
    this.moved();
  }

  // At its own size, from the top, with its first box in the middle.
  start(x = this.size.width / 2) {
    const { width } = this.room;
    this.set({ s: 1, x: width / 2 - x, y: 0 });
  }

  fit() {
    const { width, height } = this.room;
    const s = Math.min(1, width / this.size.width, height / this.size.height);
    this.set({ s, x: (width - s * this.size.width) / 2, y: (height - s * this.size.height) / 2 });
  }

  zoom(factor, x = this.room.width / 2, y = this.room.height / 2) {
    const s = Math.min(ZOOM.most, Math.max(ZOOM.least, this.pose.s * factor));
    const keep = (at, place) => place - ((place - at) * s) / this.pose.s;
    this.set({ s, x: keep(this.pose.x, x), y: keep(this.pose.y, y) });
  }

  // Brings a place into sight if it is not, and only then.
  reveal({ x, y, width, height }) {
    const { s } = this.pose;
    const room = this.room;
    const [left, top] = [this.pose.x + (x - width / 2) * s, this.pose.y + (y - height / 2) * s];
    const inside = left > 10 && top > 10 && left + width * s < room.width - 10 && top + height * s < room.height - 10;
    if (!inside) this.centre(x, y);
  }

  centre(x, y) {
    const { width, height } = this.room;
    this.set({ s: this.pose.s, x: width / 2 - x * this.pose.s, y: height / 2 - y * this.pose.s });
  }

  listen() {
    const { svg } = this;
    svg.addEventListener("wheel", (event) => this.roll(event), { passive: false });
    svg.onpointerdown = (event) => {
      if (event.button) return;
      // The target is told now: later a shadow root hides it.
      this.from = { x: event.clientX, y: event.clientY, pose: this.pose, moved: false, target: event.target };
      svg.setPointerCapture(event.pointerId);
    };
    svg.onpointermove = (event) => {
      if (!this.from) return;
      const [dx, dy] = [event.clientX - this.from.x, event.clientY - this.from.y];
      this.from.moved ||= Math.hypot(dx, dy) > CLICK;
      if (!this.from.moved) return;
      svg.classList.add("dragging");
      this.set({ s: this.pose.s, x: this.from.pose.x + dx, y: this.from.pose.y + dy });
    };
    svg.onpointerup = () => {
      const { from } = this;
      this.from = null;
      svg.classList.remove("dragging");
      if (from && !from.moved) this.clicked(from.target);
    };
    svg.onpointercancel = () => {
      this.from = null;
      svg.classList.remove("dragging");
    };
  }

  roll(event) {
    event.preventDefault();
    if (event.shiftKey) {
      const { s, x, y } = this.pose;
      this.set({ s, x: x - event.deltaX, y: y - event.deltaY });
      return;
    }
    const box = this.svg.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * ZOOM.wheel), event.clientX - box.left, event.clientY - box.top);
  }
}
