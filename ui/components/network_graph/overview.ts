// The whole graph in a strip at the side, with a frame around what is seen.
import { clearCanvas } from "../base/canvas";
import { clamp } from "../base/elements";
import type { Box, Layout } from "./layout";
import type { GraphViewport } from "./viewport";

const EDGE = 4;

export class Overview {
  private boxes = new Map<string, Box>();
  private layout?: Layout;
  private chosen: string | null = null;
  private left = 0;
  private scale = 1;

  constructor(
    private canvas: HTMLCanvasElement,
    private viewport: GraphViewport,
  ) {
    const go = (event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      viewport.centre(
        (event.clientX - box.left - this.left) / this.scale,
        (event.clientY - box.top - EDGE) / this.scale,
      );
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      go(event);
    };
    canvas.onpointermove = (event) => event.buttons && go(event);
  }

  show(boxes: Map<string, Box>, layout: Layout, chosen: string | null) {
    Object.assign(this, { boxes, layout, chosen });
    this.draw();
  }

  draw() {
    const { canvas, layout } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!layout || !width) return;
    const ink = clearCanvas(canvas, width, height);
    this.scale = Math.min((width - 2 * EDGE) / layout.width, (height - 2 * EDGE) / layout.height);
    this.left = (width - layout.width * this.scale) / 2;
    for (const [key, box] of this.boxes) {
      const place = layout.places.get(key)!;
      ink.fillStyle = key === this.chosen ? "#ffb454" : box.color;
      const [w, h] = [place.width * this.scale, Math.max(1.2, place.height * this.scale)];
      ink.fillRect(this.left + place.x * this.scale - w / 2, EDGE + place.y * this.scale - h / 2, w, h);
    }
    const { s, x, y } = this.viewport.pose;
    const room = this.viewport.room;
    const [left, right] = [-x, room.width - x].map((v) => clamp(1, this.left + (v / s) * this.scale, width - 1));
    const [top, bottom] = [-y, room.height - y].map((v) => clamp(1, EDGE + (v / s) * this.scale, height - 1));
    ink.strokeStyle = "#e9ecef";
    ink.strokeRect(left, top, right - left, Math.max(3, bottom - top));
  }
}
