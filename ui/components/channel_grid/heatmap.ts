// Dense neurons as one heatmap: zoomed, dragged, hovered; each cell names its neuron.
import { clearCanvas } from "../base/canvas";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import type { ChannelMaps } from "./channel_maps";
import { tile, Viewport } from "./rectangle";

const NAMED = 60; // so few cells that their names may fit into them

type Ink = CanvasRenderingContext2D;

export class Heatmap {
  private maps?: ChannelMaps;
  private canvas: HTMLCanvasElement;
  private tooltip: HTMLElement;
  private view = new Viewport();
  private cursor = -1;
  private chosen = -1;
  private found: Set<number> | null = null; // what the search leaves; the others are dimmed
  private texture?: OffscreenCanvas;
  private width = 0;
  private height = 0;
  private columns = 1;
  private rows = 1;
  private ink?: Ink;

  constructor(
    readonly box: HTMLElement,
    private pick: (channel: number) => void,
  ) {
    this.canvas = find(box, "canvas");
    this.tooltip = find(box, ".tooltip");
    this.listen();
  }

  show(maps: ChannelMaps) {
    this.maps = maps;
    this.cursor = -1;
    this.found = null;
    this.view.reset();
    this.box.setAttribute("aria-label", `${maps.facts.count} values of ${maps.facts.title} as a heatmap`);
  }

  mark(chosen: number) {
    this.chosen = chosen;
    this.draw();
  }

  filter(found: number[] | null) {
    this.found = found && new Set(found);
    this.cursor = found?.[0] ?? -1;
    this.draw();
    this.point(this.cursor);
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height || !this.maps) return;
    this.ink = clearCanvas(this.canvas, width, height);
    [this.width, this.height] = [width, height];
    const { count, names } = this.maps.facts;
    const named = names && count <= NAMED;
    ({ columns: this.columns, rows: this.rows } = tile(count, width, height, named ? 3.2 : 1));
    this.texture = new OffscreenCanvas(this.columns, this.rows);
    const image = this.maps.paint(0, count, this.columns, this.rows);
    this.texture.getContext("2d")?.putImageData(image, 0, 0);
    this.draw();
  }

  /** A cell's box on the screen. */
  private place(channel: number): [number, number, number, number] {
    const { k, x, y } = this.view;
    const [w, h] = [(this.width / this.columns) * k, (this.height / this.rows) * k];
    const [column, row] = [channel % this.columns, Math.floor(channel / this.columns)];
    return [column * w - x * k * this.width, row * h - y * k * this.height, w, h];
  }

  private at(px: number, py: number) {
    const { k, x, y } = this.view;
    const column = Math.floor((x + px / this.width / k) * this.columns);
    const row = Math.floor((y + py / this.height / k) * this.rows);
    const channel = row * this.columns + column;
    const inside = column >= 0 && column < this.columns && row >= 0 && channel < this.maps!.facts.count;
    return inside ? channel : -1;
  }

  private draw() {
    const { ink, maps, texture } = this;
    if (!ink || !maps || !texture) return;
    ink.clearRect(0, 0, this.width, this.height);
    ink.imageSmoothingEnabled = false;
    const { k, x, y } = this.view;
    const [w, h] = [this.width * k, this.height * k];
    ink.drawImage(texture, -x * w, -y * h, w, h);
    const [, , cellWidth, cellHeight] = this.place(0);
    if (Math.min(cellWidth, cellHeight) > 5) this.drawGaps(ink);
    const inSight = this.list(maps.facts.count);
    if (this.found) {
      ink.fillStyle = "#14181dd0";
      for (const each of inSight) if (!this.found.has(each)) ink.fillRect(...this.place(each));
    }
    if (cellWidth > 54 && cellHeight > 17) for (const each of inSight) this.write(ink, maps, each);
    this.outline(ink, this.chosen, "#ffffff", 2);
    this.outline(ink, this.cursor, "#ffb454", 1.5);
    find(this.box, ".reset").classList.toggle("needed", k > 1);
  }

  private drawGaps(ink: Ink) {
    ink.fillStyle = "#14181d";
    const [left, top, w, h] = this.place(0);
    for (let c = 1; c < this.columns; c++) ink.fillRect(left + c * w - 0.5, 0, 1, this.height);
    for (let r = 1; r < this.rows; r++) ink.fillRect(0, top + r * h - 0.5, this.width, 1);
  }

  private list(count: number) {
    const first = this.at(0, 0);
    const inSight: number[] = [];
    const [, , w, h] = this.place(0);
    const [columns, rows] = [Math.ceil(this.width / w) + 1, Math.ceil(this.height / h) + 1];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const channel = first + r * this.columns + c;
        const wraps = (first % this.columns) + c >= this.columns;
        if (!wraps && channel < count) inSight.push(channel);
      }
    }
    return inSight;
  }

  /** Name and value into a cell, dark on bright colours. */
  private write(ink: Ink, maps: ChannelMaps, channel: number) {
    const [left, top, width, height] = this.place(channel);
    const [x, y] = [Math.max(0, left), Math.max(0, top)]; // of what is in sight of the cell
    const [w, h] = [Math.min(this.width, left + width) - x, Math.min(this.height, top + height) - y];
    if (w < 54 || h < 17) return;
    const [red, green, blue] = maps.scale.rgb(maps.shade(channel)(0));
    const dim = this.found && !this.found.has(channel);
    const bright = (0.3 * red + 0.59 * green + 0.11 * blue) / 255 > 0.5 && !dim;
    const [strong, weak] = dim ? ["#4a545f", "#4a545f"] : bright ? ["#0e1114", "#0e1114c0"] : ["#ffffff", "#ffffffb0"];
    const two = h > 32; // room for two lines
    ink.save();
    ink.beginPath();
    ink.rect(x + 6, y, w - 12, h);
    ink.clip();
    ink.textBaseline = "middle";
    const style = getComputedStyle(this.box);
    const mono = style.getPropertyValue("--st-code-font") || "monospace";
    const value = maps.text(channel);
    ink.font = `11px ${mono}`;
    const room = two ? w - 12 : w - 20 - ink.measureText(value).width;
    ink.fillStyle = weak;
    ink.textAlign = two ? "left" : "right";
    ink.fillText(value, two ? x + 7 : x + w - 7, y + h / 2 + (two ? 8 : 0));
    ink.font = `500 11.5px ${maps.facts.names ? style.fontFamily : mono}`;
    ink.fillStyle = strong;
    ink.textAlign = "left";
    ink.fillText(shorten(ink, maps.name(channel), room), x + 7, y + h / 2 - (two ? 8 : 0));
    ink.restore();
  }

  private outline(ink: Ink, channel: number, color: string, width: number) {
    if (channel < 0) return;
    const [x, y, w, h] = this.place(channel);
    const grow = Math.max(0, (7 - Math.min(w, h)) / 2); // cells of a few pixels get a larger frame
    ink.strokeStyle = color;
    ink.lineWidth = width;
    ink.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
  }

  private hover(channel: number) {
    if (channel !== this.cursor) {
      this.cursor = channel;
      this.draw();
    }
    this.point(channel);
  }

  private point(channel: number) {
    const { maps, tooltip } = this;
    tooltip.hidden = channel < 0 || !maps;
    if (!maps || tooltip.hidden || !this.texture) return;
    const name = maps.facts.names ? maps.name(channel) : `${maps.facts.unit} ${channel}`;
    tooltip.replaceChildren(`${name}:`, make("b", "", maps.text(channel)));
    const [x, y, w, h] = this.place(channel);
    const { offsetWidth, offsetHeight } = tooltip;
    const left = Math.min(Math.max(x + 12 + w / 2 - offsetWidth / 2, 4), this.box.clientWidth - offsetWidth - 4);
    const above = y - offsetHeight - 4;
    const top = above > -30 ? above : Math.min(y + h + 8, this.box.clientHeight - offsetHeight);
    tooltip.style.transform = `translate(${left}px, ${top}px)`;
  }

  open(channel: number) {
    if (channel < 0) return;
    this.mark(channel);
    this.pick(channel);
  }

  private reset() {
    this.view.reset();
    this.draw();
    this.point(-1);
  }

  private zoom(factor: number, u: number, v: number) {
    const [cellWidth, cellHeight] = [this.width / this.columns, this.height / this.rows];
    const largest = Math.max(3, 110 / cellWidth, 48 / cellHeight); // then each tells its name
    this.view.zoom(factor, u, v, largest);
    this.draw();
  }

  private listen() {
    let grip: { u: number; v: number; x: number; y: number; moved: boolean } | null = null; // where a drag began
    const { canvas } = this;
    const share = ({ offsetX, offsetY }: MouseEvent) => [offsetX / this.width, offsetY / this.height];
    canvas.onpointerdown = (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      const [u, v] = share(event);
      grip = { u, v, x: this.view.x, y: this.view.y, moved: false };
    };
    canvas.onpointermove = (event) => {
      const [u, v] = share(event);
      const [du, dv] = grip ? [u - grip.u, v - grip.v] : [0, 0];
      if (grip && (grip.moved ||= Math.hypot(du * this.width, dv * this.height) > 4)) {
        canvas.classList.add("dragged");
        this.view.moveTo(grip.x - du / this.view.k, grip.y - dv / this.view.k);
        this.cursor = -1;
        this.point(-1);
        this.draw();
      } else this.hover(this.at(event.offsetX, event.offsetY));
    };
    canvas.onpointerup = (event) => {
      canvas.classList.remove("dragged");
      if (grip && !grip.moved) this.open(this.at(event.offsetX, event.offsetY));
      grip = null;
    };
    canvas.onpointercancel = () => (grip = null);
    canvas.onpointerleave = () => this.hover(-1);
    canvas.ondblclick = () => this.reset();
    find(this.box, ".reset").onclick = () => this.reset();
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      const [u, v] = share(event);
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), u, v);
      this.hover(this.at(event.offsetX, event.offsetY));
    };
    canvas.addEventListener("wheel", wheel, { passive: false });
    this.box.onkeydown = (event) => this.press(event);
    this.box.onblur = () => this.hover(-1);
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event) || event.target !== this.box || !this.maps) return;
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
    };
    const { key } = event;
    if (key in steps) this.go(this.cursor < 0 ? Math.max(0, this.chosen) : this.cursor + steps[key]);
    else if (key === "Home" || key === "End") this.go(key === "Home" ? 0 : this.maps.facts.count - 1);
    else if (key === "Enter" || key === " ") this.open(this.cursor);
    else if (key === "+" || key === "=") this.zoom(1.5, 0.5, 0.5);
    else if (key === "-") this.zoom(1 / 1.5, 0.5, 0.5);
    else if (key === "0") this.reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The cell becomes the cursor's, and comes into sight. */
  private go(channel: number) {
    if (channel < 0 || channel >= this.maps!.facts.count) return;
    const { k, x, y } = this.view;
    const keep = (from: number, low: number, size: number) => clamp(low + size - 1 / k, from, low);
    const [column, row] = [channel % this.columns, Math.floor(channel / this.columns)];
    this.view.moveTo(keep(x, column / this.columns, 1 / this.columns), keep(y, row / this.rows, 1 / this.rows));
    this.cursor = channel;
    this.draw();
    this.point(channel);
  }
}

function shorten(ink: Ink, text: string, width: number) {
  if (ink.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && ink.measureText(`${text.slice(0, end)}…`).width > width) end--;
  return `${text.slice(0, end)}…`;
}
