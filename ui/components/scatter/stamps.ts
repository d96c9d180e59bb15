// Pictures of marks as pixels. A mark is drawn at sixteen places within a pixel, so that points move smoothly although
// they are copied pixel by pixel.
import { BACK, FULL, OUT } from "../points/cast";
import { BACKGROUND, type Entry, type Ink, SHAPES } from "../points/geometry";
import { RIM } from "../points/marks";

export const PHASES = 4; // along each axis
export const GREY = "#5b6672";
const RIM_COLOR = `${BACKGROUND}b3`;
// Receding marks are darkened rather than transparent: where many lie, these would shine all the same.
const LOOKS = { [OUT]: { alpha: 0.32, size: 0.86 }, [BACK]: { alpha: 0.9, size: 1 }, [FULL]: { alpha: 1, size: 1 } };

interface Mark {
  part: number;
  shape: Entry["shape"];
  color: string;
  row: number;
}

export interface Stamps {
  /** `index[part * count + group]` is the row of a mark in `pixels`. */
  index: Int32Array;
  count: number;
  pixels: Uint32Array;
  side: number;
  stride: number;
}

/** Of legend entries in the parts that occur, with a radius in pixels of the screen. */
export function makeStamps(entries: Entry[], parts: number[], radius: number): Stamps {
  const marks = new Map<string, Mark>();
  const index = new Int32Array(3 * entries.length);
  for (const part of parts) {
    entries.forEach(({ color: own, shape }, group) => {
      const color = part === OUT ? GREY : part === BACK ? darken(own) : own;
      const key = [part, shape, color].join();
      const mark = marks.get(key) ?? { part, shape, color, row: marks.size };
      marks.set(key, mark);
      index[part * entries.length + group] = mark.row;
    });
  }
  const side = 2 * Math.ceil(1.25 * radius + 1.5) + 1;
  const stride = side * PHASES ** 2;
  const sheet = new OffscreenCanvas(stride, side * Math.max(1, marks.size));
  const ink = sheet.getContext("2d", { willReadFrequently: true });
  if (!ink) throw new Error("no canvas to draw on");
  for (const mark of marks.values()) drawMark(ink, mark, radius, side);
  const pixels = new Uint32Array(ink.getImageData(0, 0, sheet.width, sheet.height).data.buffer);
  return { index, pixels, side, stride, count: entries.length };
}

function drawMark(ink: Ink, { part, shape, color, row }: Mark, radius: number, side: number) {
  const r = radius * LOOKS[part].size;
  const path = new Path2D(SHAPES[shape]);
  ink.globalAlpha = LOOKS[part].alpha;
  ink.fillStyle = color;
  ink.strokeStyle = RIM_COLOR;
  ink.lineWidth = (2 * RIM) / r;
  for (let phase = 0; phase < PHASES ** 2; phase++) {
    const [right, down] = [phase % PHASES, Math.floor(phase / PHASES)].map((p) => (p + 0.5) / PHASES);
    ink.setTransform(r, 0, 0, r, phase * side + side / 2 - 0.5 + right, row * side + side / 2 - 0.5 + down);
    if (part === FULL) ink.stroke(path);
    ink.fill(path);
  }
}

const darken = (color: string) => `color-mix(in srgb, ${color} 32%, ${BACKGROUND})`;
