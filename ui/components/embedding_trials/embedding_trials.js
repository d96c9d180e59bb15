// Several layouts at once; they come one by one.
const views = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new TrialsView(parentElement));
  const view = views.get(parentElement);
  view.asking.send = setTriggerValue;
  view.show(data);
  return () => {
    view.stop();
    views.delete(parentElement);
  };
}

class TrialsView {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.box = this.find(".trials");
    this.company = new Company();
    this.asking = new Asking();
    this.parts = [];
    this.find(".act").onclick = () => this.asking.tell("run", this.data.progress.action);
    const heard = {
      "layerscope:thumbnails": () => this.paint(),
      [LIGHT]: ({ detail }) => {
        if (detail.family !== this.company.family) return;
        this.company.lit = detail.group;
        this.paint();
      },
    };
    for (const [name, act] of Object.entries(heard)) addEventListener(name, act);
    this.stop = () => {
      for (const [name, act] of Object.entries(heard)) removeEventListener(name, act);
      for (const { cloud } of this.parts) cloud.stop();
      this.asking.stop();
    };
  }

  show(data) {
    this.data = data;
    this.company.read(data);
    const { layouts, progress } = data;
    if (this.parts.length !== layouts.length) this.build(layouts);
    const steps = decode(data.clouds, "points", Int16Array);
    const size = 2 * this.company.n;
    let next = 0;
    layouts.forEach(({ title, isThere, figures }, i) => {
      const { section, cloud } = this.parts[i];
      section.querySelector("h3").textContent = title;
      section.dataset.there = isThere;
      fillFigures(section.querySelector(".figures"), figures);
      cloud.show(isThere ? steps.subarray(next * size, ++next * size) : null);
    });
    this.tell(progress);
    this.asking.follow(data.waits, data.token);
  }

  build(layouts) {
    for (const { cloud } of this.parts) cloud.stop();
    const hear = { hover: (i) => this.hover(i), pick: (i) => this.pick(i), escape: () => this.pick(-1) };
    const rows = { real: [], noise: [] };
    this.parts = layouts.map(({ title, isNoise }) => {
      const section = make("section");
      section.innerHTML = `<header class="cap"><h3></h3><div class="figures"></div></header><div class="plot"><canvas></canvas></div>`;
      const plot = section.querySelector(".plot");
      if (!isNoise) {
        plot.tabIndex = 0;
        plot.setAttribute("role", "application");
        plot.setAttribute("aria-describedby", "trial-keys");
      } else plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", `${title}, ${isNoise ? "shuffled features" : "features"}`);
      rows[isNoise ? "noise" : "real"].push(section);
      return { section, cloud: new Cloud(plot, this.company, isNoise ? null : hear) };
    });
    for (const [name, sections] of Object.entries(rows)) this.find(`.line.${name}`).replaceChildren(...sections);
  }

  tell({ note, share, action, rows }) {
    this.find(".note").textContent = note;
    this.find(".gauge").hidden = share < 0;
    this.find(".gauge i").style.width = `${100 * Math.max(0, share)}%`;
    const act = this.find(".act");
    act.hidden = !action;
    act.textContent = action === "run" ? "Run six t-SNEs" : "Cancel";
    this.find(".row.real").textContent = rows[0];
    this.find(".row.noise").textContent = rows[1];
  }

  paint() {
    for (const { cloud } of this.parts) cloud.draw();
  }

  hover(i) {
    this.company.hovered = i;
    this.box.dataset.hovered = i;
    this.paint();
  }

  pick(i) {
    if (i === this.company.pinned) return;
    this.company.pinned = i;
    this.asking.tell("pin", i);
    this.paint();
  }
}
