// What is said of the sample under the pointer, with its picture from the sheet on the page.
const VERDICTS = { 1: ["right", "✓"], 0: ["wrong", "✗"] };

class Tooltip {
  // At the end of the box that it stays in.
  constructor(box) {
    this.box = box;
    this.element = make("div", "tooltip");
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    this.element.innerHTML = `<div class="picture"></div>
      <dl>
        <dt>uid</dt><dd class="uid"></dd>
        <dt>true</dt><dd class="true"></dd>
        <dt>predicted</dt><dd class="predicted"><span class="output"></span> <span class="figure"></span></dd>
      </dl>`;
    box.append(this.element);
    this.find = (name) => this.element.querySelector(name);
  }

  hide() {
    this.element.hidden = true;
  }

  show(place, reach, sample) {
    const [kind, sign] = VERDICTS[sample.correct] ?? ["", ""];
    this.element.hidden = false;
    this.find(".uid").textContent = String(sample.uid).padStart(4, "0");
    this.find(".true").textContent = sample.true;
    this.find(".predicted").className = `predicted ${kind}`;
    this.find(".output").textContent = sample.predicted;
    this.find(".figure").textContent = `${sample.confidence.toFixed(2)} ${sign}`;
    this.find(".picture").style.borderColor = sample.color;
    this.fillPicture(sample);
    const { offsetWidth: width, offsetHeight: height } = this.element;
    this.extent = { width, height };
    this.move(place, reach);
  }

  // Beside the point where there is room, otherwise above or below it; always inside the plot.
  move([x, y], reach) {
    const { width, height } = this.extent;
    const { clientWidth, clientHeight } = this.box;
    const gap = reach + 10;
    const [right, left] = [x + gap + width <= clientWidth - 4, x - gap - width >= 4];
    const beside = right || left;
    const across = right ? x + gap : left ? x - gap - width : x - width / 2;
    const down = beside ? y - height / 2 : y > clientHeight / 2 ? y - gap - height : y + gap;
    const [px, py] = [
      clamp(4, across, clientWidth - width - 4),
      clamp(4, down, clientHeight - height - 4),
    ];
    this.element.style.transform = `translate(${Math.round(px)}px, ${Math.round(py)}px)`;
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
