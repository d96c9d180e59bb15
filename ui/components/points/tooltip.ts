// What is said of the sample under the pointer, with its picture from the sheet on the page.
import { latest } from "../base/channel";
import { clamp, find, make } from "../base/elements";
import type { Pair } from "./geometry";

const VERDICTS: Record<number, [string, string]> = { 1: ["right", "✓"], 0: ["wrong", "✗"] };

export interface Described {
  uid: number;
  family: string;
  color: string;
  /** Empty where it has no label, and where nothing is predicted. */
  true: string;
  predicted: string;
  /** 1 correct, 0 wrong, -1 where the model has no such class. */
  correct: number;
  confidence: number;
  /** What it is coloured by, and what of that it is. */
  group?: [title: string, name: string];
}

/** Shows a sample's small picture as the background of an element; without a sheet for its family, nothing. */
export function showThumbnail(element: HTMLElement, family: string, uid: number) {
  const sheet = latest("thumbnails");
  const { style, clientWidth: side } = element;
  const there = sheet?.family === family && uid < sheet.count;
  style.backgroundImage = there ? `url(${sheet.url})` : "none";
  if (!there) return;
  style.backgroundSize = `${sheet.columns * side}px auto`;
  const row = Math.floor(uid / sheet.columns);
  style.backgroundPosition = `${-(uid % sheet.columns) * side}px ${-row * side}px`;
}

export class Tooltip {
  private element = make("div", "tooltip");
  private extent = { width: 0, height: 0 };

  /** At the end of the box that it stays in. */
  constructor(private box: HTMLElement) {
    this.element.setAttribute("role", "status");
    this.element.hidden = true;
    this.element.innerHTML = `<div class="picture"></div>
      <dl>
        <div><dt>uid</dt><dd class="uid"></dd></div>
        <div><dt>true</dt><dd class="true"></dd></div>
        <div><dt>predicted</dt><dd class="predicted"><span class="output"></span> <span class="figure"></span></dd></div>
        <div><dt class="coloring"></dt><dd class="group"></dd></div>
      </dl>`;
    box.append(this.element);
  }

  hide() {
    this.element.hidden = true;
  }

  show(place: Pair, reach: number, sample: Described) {
    const [kind, sign] = VERDICTS[sample.correct] ?? ["", ""];
    const [title, group] = sample.group ?? ["", ""];
    const repeated = group === sample.true || group === sample.predicted;
    const write = (name: string, text: string) => {
      find(this.element, name).textContent = text;
    };
    const reveal = (name: string, text: string) => {
      find(this.element, name).closest("div")!.hidden = !text;
    };
    this.element.hidden = false;
    write(".uid", String(sample.uid).padStart(4, "0"));
    write(".true", sample.true);
    find(this.element, ".predicted").className = `predicted ${kind}`;
    write(".output", sample.predicted);
    write(".figure", `${sample.confidence.toFixed(2)} ${sign}`);
    write(".coloring", title);
    write(".group", group);
    reveal(".true", sample.true);
    reveal(".output", sample.predicted);
    reveal(".group", repeated ? "" : group);
    const picture = find(this.element, ".picture");
    picture.style.borderColor = sample.color;
    showThumbnail(picture, sample.family, sample.uid);
    const { offsetWidth: width, offsetHeight: height } = this.element;
    this.extent = { width, height };
    this.move(place, reach);
  }

  /** Beside the point where there is room, otherwise above or below it; always inside the plot. */
  move([x, y]: Pair, reach: number) {
    const { width, height } = this.extent;
    const { clientWidth, clientHeight } = this.box;
    const gap = reach + 10;
    const [right, left] = [x + gap + width <= clientWidth - 4, x - gap - width >= 4];
    const beside = right || left;
    const across = right ? x + gap : left ? x - gap - width : x - width / 2;
    const down = beside ? y - height / 2 : y > clientHeight / 2 ? y - gap - height : y + gap;
    const [px, py] = [clamp(4, across, clientWidth - width - 4), clamp(4, down, clientHeight - height - 4)];
    this.element.style.transform = `translate(${Math.round(px)}px, ${Math.round(py)}px)`;
  }
}
