// The line above and what stands below it. Streamlit calls the export at every change of data.

const panels = new WeakMap();
const FAREWELL = 300; // milliseconds in which a dialog goes
const ROOMY = "data-roomy-activations";
const PLURALS = { channel: "channels", neuron: "neurons", class: "classes", colour: "colours" };

export default function ({ data, parentElement, setTriggerValue }) {
  if (!panels.has(parentElement)) panels.set(parentElement, new Panel(parentElement));
  const panel = panels.get(parentElement);
  panel.send = setTriggerValue;
  panel.update(data);
  return () => {
    panel.stop();
    panels.delete(parentElement);
  };
}

class Panel {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    const pick = (channel) => this.send("pick", channel);
    this.grid = new Grid(this.find(".grid"), pick);
    this.dense = new Dense(this.find(".dense"), pick);
    this.search = this.find(".search");
    this.chosen = []; // orders on their way to Python
    this.buttons = [...root.querySelectorAll(".orders button")];
    for (const button of this.buttons) button.onclick = () => this.choose(button.dataset.by);
    this.search.oninput = () => this.filter();
    this.search.onkeydown = (event) => this.press(event);
    this.room = this.find(".room");
    this.room.onclick = () => this.giveRoom(!document.documentElement.hasAttribute(ROOMY));
    this.giveRoom(document.documentElement.hasAttribute(ROOMY));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(this.find(".channels"));
    this.observer.observe(this.grid.box);
    this.observer.observe(this.dense.box);
  }

  stop() {
    this.observer.disconnect();
  }

  // The page's style sheet decides what that means: here it is only said.
  giveRoom(given) {
    document.documentElement.toggleAttribute(ROOMY, given);
    this.room.setAttribute("aria-pressed", String(given));
    this.room.title = given ? "Less room for the activations" : "More room for the activations";
    this.room.setAttribute("aria-label", given ? "Less room" : "More room");
  }

  update(data) {
    const isNew = this.stamp !== data.stamp;
    if (isNew) {
      this.stamp = data.stamp;
      this.values = new Values(data);
      this.shown = this.values.dense ? this.dense : this.grid;
      this.grid.box.hidden = this.values.dense;
      this.dense.box.hidden = !this.values.dense;
      this.shown.show(this.values);
      this.search.value = "";
      this.fillHead();
      this.find(".channels").dataset.shown = `${this.values.title}/${this.stamp}`; // what is drawn
    }
    if (isNew || this.isWish(data.order)) this.sort(data.order);
    this.told = data.order;
    this.shown.mark(data.chosen);
    if (this.opened >= 0 && data.chosen < 0) this.takeFocus();
    this.opened = data.chosen;
    if (isNew) this.fit();
  }

  // A dialog that closes gives the focus back to what had it, unless that is in a shadow root.
  takeFocus() {
    setTimeout(() => {
      if (document.activeElement === document.body) this.shown.box.focus({ preventScroll: true });
    }, FAREWELL);
  }

  // Whether Python asks for another order, rather than repeats one that was chosen here.
  isWish(order) {
    const echoed = this.chosen.lastIndexOf(order);
    this.chosen.splice(0, echoed + 1);
    return echoed < 0 && order !== this.told && order !== this.order;
  }

  fit() {
    if (this.values) this.shown.fit();
  }

  fillHead() {
    const { title, unit, count, colors, dense, names } = this.values;
    this.find("h2 b").textContent = title;
    this.find("h2").title = `Activations of ${title}`;
    const stops = [...Array(17).keys()].map((i) => `rgb(${this.values.color(Math.min(255, i * 16)).join(" ")})`);
    this.find(".bar").style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
    this.fillScale();
    this.find(".orders").hidden = dense;
    const word = PLURALS[unit] ?? "channels";
    const hint = names ? `Find one of the ${word}` : `Find a ${unit} by its number`;
    this.search.title = hint;
    this.search.setAttribute("aria-label", hint);
    this.tell(count);
  }

  // The layer's own ends, with a line where values change their sign; or each channel's own.
  fillScale() {
    const { low, high, own, dense, unit } = this.values;
    const scale = this.find(".scale");
    const ends = `${format(low)} to ${format(high)}`;
    const range = unit === "class" || unit === "colour" ? ends : dense ? `${ends}, this layer's smallest and largest value` : `${ends}, which hold 99 % of this layer's values`;
    const zero = this.find(".bar u");
    zero.hidden = own || !(low < 0 && high > 0);
    zero.style.left = `${(100 * -low) / (high - low || 1)}%`;
    this.find(".low").textContent = own ? "own" : format(low);
    this.find(".high").textContent = own ? "range" : format(high);
    const now = own
      ? "Each channel has its own range. Click for one scale for the layer"
      : `One scale: ${range}${zero.hidden ? "" : "; the line is zero"}`;
    const offer = own || dense ? "" : ". Click to scale each channel by itself";
    scale.title = now + offer;
    scale.setAttribute("aria-label", `${scale.textContent.trim().replace(/\s+/g, " ")}: ${scale.title}`);
    scale.setAttribute("aria-pressed", String(own));
    scale.disabled = dense;
    scale.onclick = () => {
      this.values.own = !this.values.own;
      this.fillScale();
      this.grid.redraw();
      this.grid.place();
    };
  }

  // How many there are, and how many of them the search leaves.
  tell(found) {
    const { count, unit } = this.values;
    const word = count === 1 ? unit : (PLURALS[unit] ?? `${unit}s`);
    this.find(".count").textContent = found === count ? `${count} ${word}` : `${found} of ${count} ${word}`;
    const nothing = this.find(".nothing");
    nothing.hidden = found > 0;
    nothing.textContent = `No ${unit} ${this.search.value.trim()} here`;
    this.search.classList.toggle("vain", found === 0);
  }

  // The active choice turns round; the other begins with what is looked for most.
  choose(by) {
    const active = this.order.replace("-", "") === by;
    const turned = this.order.startsWith("-") ? by : `-${by}`;
    this.sort(active ? turned : by === "score" ? "-score" : "channel");
    this.chosen.push(this.order);
    this.send("order", this.order);
  }

  sort(order) {
    this.order = order;
    for (const button of this.buttons) {
      const active = order.replace("-", "") === button.dataset.by;
      const falling = order.startsWith("-");
      button.setAttribute("aria-pressed", String(active));
      button.classList.toggle("falling", falling);
      const way = falling ? "falling" : "rising";
      button.title = active ? `Sorted by ${button.dataset.by}, ${way}; click to turn it round` : `Sort by ${button.dataset.by}`;
    }
    this.sorted = this.values.sorted(order);
    this.filter();
  }

  filter() {
    const text = this.search.value;
    this.left = this.values.find(text, this.sorted);
    if (this.values.dense) this.dense.filter(text.trim() ? this.left : null);
    else this.grid.arrange(this.left, text.trim() ? this.left[0] : this.grid.chosen);
    this.tell(this.left.length);
  }

  press(event) {
    event.stopPropagation(); // what is typed is no key of the page
    if (event.key === "Enter" && this.search.value.trim() && this.left.length) {
      this.shown.open(this.left[0]);
    } else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.filter();
    } else if (event.key === "ArrowDown") {
      this.shown.box.focus();
    } else return;
    event.preventDefault();
  }
}
