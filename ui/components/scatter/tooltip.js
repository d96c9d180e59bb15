// What is said of the sample under the pointer, with its picture from the sheet on the page.
const VERDICTS = { 1: ["right", " ✓"], 0: ["wrong", " ✗"] };

class Tooltip {
  constructor(element, box) {
    this.element = element;
    this.box = box;
    this.find = (name) => element.querySelector(name);
  }

  hide() {
    this.element.hidden = true;
  }

  show([x, y], radius, sample) {
    const [kind, sign] = VERDICTS[sample.correct] ?? ["", ""];
    this.element.hidden = false;
    this.find(".uid").textContent = String(sample.uid).padStart(4, "0");
    this.find(".true").textContent = sample.true;
    const predicted = this.find(".predicted");
    predicted.textContent = sample.predicted + sign;
    predicted.className = `predicted ${kind}`;
    this.fillPicture(sample);
    // Beside the point, on the side where there is room, and inside the plot.
    const { offsetWidth: w, offsetHeight: h } = this.element;
    const gap = radius + 12;
    const left = x + gap + w > this.box.clientWidth ? x - gap - w : x + gap;
    const top = Math.min(Math.max(4, y - h / 2), this.box.clientHeight - h - 4);
    this.element.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }

  fillPicture({ uid, family }) {
    const sheet = window.layerscopeThumbnails;
    const { style, clientWidth: side } = this.find(".picture");
    const there = sheet?.family === family && uid < sheet.count;
    style.backgroundImage = there ? `url(${sheet.url})` : "none";
    if (!there) return;
    style.backgroundSize = `${sheet.columns * side}px auto`;
    const row = Math.floor(uid / sheet.columns);
    style.backgroundPosition = `${-(uid % sheet.columns) * side}px ${-row * side}px`;
  }
}
