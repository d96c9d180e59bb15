// The tiles of one class, or of two side by side. Whatever needs the model comes later: the page asks
// for it, again and again until it is there.

const AGAIN = [500, 700, 1000, 1500]; // milliseconds between questions; the last goes on
const panels = new WeakMap();

// Streamlit calls this at every change of data; the panel lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!panels.has(parentElement)) panels.set(parentElement, new Panel(parentElement));
  const panel = panels.get(parentElement);
  panel.send = (token) => setTriggerValue("ask", token);
  panel.show(data);
  return () => {
    panel.stop();
    panels.delete(parentElement);
  };
}

class Panel {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.tiles = [];
    const slide = (key, opacity) => {
      settings.opacity[key] = opacity;
      this.apply();
    };
    this.slide = slide;
    this.enlarged = new Enlarged(this.find("dialog"), slide);
    this.toggles = [...root.querySelectorAll(".toggles button")];
    for (const button of this.toggles) {
      button.onclick = () => {
        settings[button.dataset.layer] = !settings[button.dataset.layer];
        this.apply();
      };
    }
  }

  stop() {
    clearTimeout(this.timer);
    if (this.find("dialog").open) this.find("dialog").close();
  }

  show(data) {
    const layout = JSON.stringify([data.columns.length, data.methods]);
    if (layout !== this.layout) this.build(data);
    this.layout = layout;
    this.data = data;
    const compares = data.columns.length > 1;
    this.find(".explanations").classList.toggle("compares", compares);
    this.fillHeads(data, compares);
    for (const { tile, place } of this.tiles) tile.show(data, data.columns[place], compares);
    const problem = data.columns.find((column) => column.problem)?.problem;
    this.find(".problem").textContent = problem ?? "";
    this.find(".problem").hidden = !problem;
    this.find(".toggles").hidden = !data.truth;
    const chips = (data.truth?.parts ?? []).map(([name, color]) => {
      const chip = make("li", "", name);
      chip.style.setProperty("--color", color);
      return chip;
    });
    this.find(".parts").replaceChildren(...chips);
    this.enlarged.show(data);
    this.apply();
    this.ask(data, 0);
  }

  build(data) {
    const places = data.columns.map((_, place) => place);
    const rows = data.methods.flatMap((method) => places.map((place) => [method, place]));
    const wanted = places.length > 1 ? rows : [[null, 0], ...rows];
    this.tiles = wanted.map(([method, place]) => {
      const tile = new Tile(method, this.slide);
      tile.stack.onclick = () => {
        this.enlarged.open(method, place);
        this.enlarged.show(this.data);
      };
      // Side by side, both of a row have one slider: it would say the same twice.
      if (place > 0) tile.name.replaceWith(tile.slider);
      else if (places.length > 1) tile.slider.remove();
      return { tile, place };
    });
    this.find(".tiles").replaceChildren(...this.tiles.map(({ tile }) => tile.element));
  }

  fillHeads(data, compares) {
    const words = compares ? ["why", "why not"] : [""];
    const heads = data.columns.map((column, place) => {
      const head = make("p", `head place-${place}`);
      head.title = column.name;
      const name = make("b", "", column.name);
      const probability = make("span", "figure", column.probability.toFixed(2));
      head.append(make("i"), make("span", "", words[place]), name, probability);
      return head;
    });
    this.find(".heads").hidden = !compares;
    this.find(".heads").replaceChildren(...(compares ? heads : []));
    this.find(".of").replaceChildren(...(compares ? ["this, and not that"] : heads[0].childNodes));
    this.find(".of").title = compares ? "" : data.columns[0].name;
  }

  apply() {
    for (const { tile } of this.tiles) tile.apply();
    this.enlarged.apply();
    for (const button of this.toggles) {
      button.setAttribute("aria-pressed", String(settings[button.dataset.layer]));
    }
    this.find(".parts").hidden = !this.data.truth || !settings.outline;
  }

  ask(data, times) {
    clearTimeout(this.timer);
    if (!data.waits) return;
    this.send(data.token);
    const pause = AGAIN[Math.min(times, AGAIN.length - 1)];
    this.timer = setTimeout(() => this.ask(data, times + 1), pause);
  }
}
