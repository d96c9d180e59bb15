// The square that covers a part of the picture: where it is, and what it shows instead.
class Patch {
  constructor(box, element, onMove) {
    this.box = box;
    this.element = element;
    this.onMove = onMove;
    box.onpointermove = box.onpointerdown = (event) => this.follow(event);
    box.onkeydown = (event) => this.step(event);
  }

  // `side` of the picture and of the square, in pixels of the picture; places lie `raster` apart.
  set({ side, patch, stride, raster, filling }) {
    Object.assign(this, { side, patch, stride, raster });
    const share = (100 * patch) / side;
    this.element.style.width = this.element.style.height = `${share}%`;
    if (this.filling !== filling) this.element.style.backgroundImage = `url("${filling}")`;
    this.filling = filling;
    this.element.style.backgroundSize = `${(100 * side) / patch}%`;
    this.move(...(this.place ?? [(side - patch) / 2, (side - patch) / 2]));
  }

  follow(event) {
    const { left, top, width } = this.box.getBoundingClientRect();
    const at = (offset) => (offset / width) * this.side - this.patch / 2;
    this.move(at(event.clientX - left), at(event.clientY - top), true);
  }

  step(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
    const far = event.shiftKey ? Math.max(this.stride, this.raster) : this.raster;
    this.move(this.place[0] + far * move[0], this.place[1] + far * move[1], true);
  }

  move(x, y, tell = false) {
    const last = this.side - this.patch;
    const snap = (at) => Math.max(0, Math.min(last, Math.round(at / this.raster) * this.raster));
    const place = [snap(x), snap(y)];
    const same = this.place && place.every((at, i) => at === this.place[i]);
    this.place = place;
    for (const [i, name] of ["left", "top"].entries()) {
      this.element.style[name] = `${(100 * place[i]) / this.side}%`;
    }
    // In per cents of what the background exceeds the square by.
    const shift = (at) => (last ? (100 * at) / last : 0);
    this.element.style.backgroundPosition = `${shift(place[0])}% ${shift(place[1])}%`;
    if (tell && !same) this.onMove(place);
  }
}
