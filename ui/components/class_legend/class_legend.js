// A legend that speaks to the clouds beside it by events on the window.
const legends = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!legends.has(parentElement)) legends.set(parentElement, new ClassLegend(parentElement));
  const legend = legends.get(parentElement);
  legend.send = setTriggerValue;
  legend.show(data);
  return () => {
    legend.light(null);
    legend.only.stop();
    legends.delete(parentElement);
  };
}

class ClassLegend {
  constructor(root) {
    this.only = new Choice([], () => this.redraw());
    this.legend = new Legend(root.querySelector(".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.keep(group),
      clear: () => this.choose([]),
    });
  }

  show(data) {
    this.only.confirm(data.only, this.data?.family !== data.family);
    this.data = data;
    this.redraw();
  }

  redraw() {
    const { title, entries, counts } = this.data;
    this.legend.show({ title, entries, ends: null }, counts, counts, this.only.value);
  }

  light(group) {
    const detail = { family: this.data.family, group };
    dispatchEvent(new CustomEvent("layerscope:class", { detail }));
  }

  keep(group) {
    const { value } = this.only;
    const next = value.includes(group) ? value.filter((each) => each !== group) : [...value, group];
    this.choose(next.sort((a, b) => a - b));
  }

  choose(only) {
    this.only.make(only);
    this.send("only", only);
    this.redraw();
  }
}
