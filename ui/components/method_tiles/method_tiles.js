// Methods side by side. While some are computed the page asks again and again how far they are.

const AGAIN = [250, 400, 700, 1000]; // milliseconds between questions; the last goes on
const PATIENCE = 1500; // milliseconds without a question after a click
const grids = new WeakMap();
// On the window, so that it outlives the choice of another picture.
const look = (window.layerscopeMethods ??= { opacity: 0.72 });

export default function ({ data, parentElement, setTriggerValue }) {
  if (!grids.has(parentElement)) grids.set(parentElement, new MethodGrid(parentElement));
  const grid = grids.get(parentElement);
  grid.send = setTriggerValue;
  grid.show(data);
  return () => {
    clearTimeout(grid.timer);
    grids.delete(parentElement);
  };
}

class MethodGrid {
  constructor(root) {
    this.box = root.querySelector(".tiles");
    this.sides = root.querySelector(".sides");
    this.tiles = new Map();
    this.slider = root.querySelector("input");
    this.slider.value = 100 * look.opacity;
    this.slider.oninput = () => {
      look.opacity = this.slider.valueAsNumber / 100;
      this.fade();
    };
    this.slider.onkeydown = (event) => event.stopPropagation(); // Streamlit has keys of its own
  }

  show(data) {
    const keys = data.tiles.map((tile) => tile.key).join();
    if (keys !== this.keys) this.build(data.tiles);
    this.keys = keys;
    for (const tile of data.tiles) {
      this.tiles.get(tile.key).show(data.picture, tile, tile.key === data.open, data.sides);
    }
    this.box.classList.toggle("two", data.sides.length > 1);
    this.sides.hidden = data.sides.length < 2;
    this.sides.textContent = data.sides.join("  |  ");
    this.fade();
    this.askAgain(data);
  }

  build(tiles) {
    const send = (event, key) => {
      this.send(event, key);
      // Of two events that come while the page runs, only the later is heard: the next question waits.
      if (this.ask) this.askIn(PATIENCE);
    };
    this.tiles = new Map(tiles.map(({ key }) => [key, new MethodTile(key, send)]));
    this.box.replaceChildren(...[...this.tiles.values()].map(({ element }) => element));
  }

  fade() {
    for (const { stacks } of this.tiles.values()) {
      for (const { layer } of stacks) layer.style.opacity = look.opacity;
    }
  }

  askAgain(data) {
    clearTimeout(this.timer);
    this.asked = data.waits && data.token === this.token ? this.asked + 1 : 0;
    this.token = data.token;
    this.ask = data.waits ? () => this.send("tick", data.token) : null;
    if (this.ask) this.askIn(AGAIN[Math.min(this.asked, AGAIN.length - 1)]);
  }

  askIn(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.ask?.();
      this.askIn(800); // an answer that is the same as before is not sent again
    }, delay);
  }
}
