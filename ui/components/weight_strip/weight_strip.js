// A button a layer over the drawing; one of them is reached by Tab, arrows go from layer to layer.
const strips = new WeakMap();

// Streamlit calls this at every change of data; the strip lives as long as its root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!strips.has(parentElement)) strips.set(parentElement, new Strip(parentElement));
  const strip = strips.get(parentElement);
  strip.send = setTriggerValue;
  strip.show(data);
  return () => {
    strip.observer.disconnect();
    strips.delete(parentElement);
  };
}

class Strip {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.list = this.find(".layers");
    this.list.onkeydown = (event) => this.press(event);
    this.list.onfocusin = ({ target }) => this.tell(target);
    this.list.onpointerover = ({ target }) => target !== this.list && this.tell(target);
    this.list.onpointerleave = () => this.tell(this.chosen);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.find(".field"));
  }

  show({ columns, chosen }) {
    const content = JSON.stringify(columns);
    this.columns = columns;
    if (content !== this.content) this.build();
    this.content = content;
    [...this.list.children].forEach((button, i) => {
      const isChosen = columns[i].key === chosen;
      button.setAttribute("aria-pressed", String(isChosen));
      button.tabIndex = isChosen ? 0 : -1;
    });
    this.chosen = this.list.querySelector("[aria-pressed=true]");
    this.tell(this.chosen);
    this.draw();
  }

  build() {
    const buttons = this.columns.map(({ key, title }) => {
      const button = make("button");
      button.type = "button";
      button.dataset.layer = key;
      button.setAttribute("aria-label", `${key}: ${title}`);
      button.onclick = () => this.send("pick", key);
      return button;
    });
    this.list.replaceChildren(...buttons);
    const kinds = new Map(this.columns.map(({ kind, color }) => [kind, color]));
    this.find(".legend").replaceChildren(
      ...[...kinds].map(([kind, color]) => {
        const entry = make("span");
        const dot = make("i");
        dot.style.background = color;
        entry.append(dot, kind);
        return entry;
      }),
    );
  }

  tell(button) {
    const column = this.columns[[...this.list.children].indexOf(button)];
    this.find(".told").textContent = column ? `${column.key}   ${column.title}` : "";
  }

  draw() {
    const { clientWidth, clientHeight } = this.find(".field");
    if (!this.columns || !clientWidth) return;
    const layout = new StripLayout(this.columns, clientWidth, clientHeight);
    drawStrip(this.find("canvas"), layout, this.columns);
    [...this.list.children].forEach((button, i) => {
      Object.assign(button.style, { left: `${layout.left(i)}px`, width: `${layout.pitch}px` });
    });
  }

  press(event) {
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -1e9, End: 1e9 };
    if (isShortcut(event) || !(event.key in steps)) return;
    const buttons = [...this.list.children];
    const at = buttons.indexOf(event.target) + steps[event.key];
    buttons[Math.min(buttons.length - 1, Math.max(0, at))].focus();
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }
}
