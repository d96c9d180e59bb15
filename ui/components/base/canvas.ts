// Canvases as sharp as the screen.
import { inkOf } from "./elements";

/** An empty canvas of a size in CSS pixels, which all is drawn in from now on; its pixels are those of the screen. */
export function clearCanvas(canvas: HTMLCanvasElement, width: number, height: number, ratio = devicePixelRatio || 1) {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ink = inkOf(canvas);
  ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ink;
}
