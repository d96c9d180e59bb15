// What is saved of a tour: the picture on show, the same as a drawing, and the matrices that make it.

import { BACK, FULL, OUT } from "../points/cast";
import { BACKGROUND, type Coloring, SHAPES, type Shape, splitScale } from "../points/geometry";
import { type CloudView, project } from "./cloud_view";
import { compose, type Samples, showFrame } from "./core";
import type { GrandTour } from "./grand_tour";
import type { Spot } from "./handles";
import type { Saved } from "./timeline";

const PAPER = {
  ground: "#0e1114",
  panel: BACKGROUND,
  ink: "#e9ecef",
  muted: "#8f9aa6",
  font: "system-ui, sans-serif",
  margin: 16,
  gap: 12,
  head: 34,
  caption: 20,
  line: 20,
  size: 11.5,
};

/** A view of a picture: what is on its canvases, from bottom to top, in pixels of the page. */
interface PictureView {
  canvases: HTMLCanvasElement[];
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface DrawnMark {
  x: number;
  y: number;
  r: number;
  color: string;
  shape: Shape;
  opacity?: number;
}

/** A view of a drawing. */
interface DrawnView {
  title: string;
  width: number;
  height: number;
  points: DrawnMark[];
  handles: Spot[];
}

/** A word of a legend, with its mark. */
interface Word {
  name: string;
  color?: string;
  shape?: Shape;
}
type Note = Word & { x: number; y: number };

/** A layer's way to the view: `matrix` (d, 2), `offset` (2). */
interface MatrixRow {
  run: string;
  layer: string;
  matrix: Samples;
  offset: number[];
}

export function saveFile(name: string, content: BlobPart, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // some browsers begin to read it later
}

// --- picture --------------------------------------------------------------------------------------

// The views of an area of width x height pixels of the page, at the resolution of their canvases, under the title and
// each under its own. The canvases are read before the first await: a WebGL canvas must have been drawn in the same
/** turn of the event loop. */
export async function composePicture(
  views: PictureView[],
  { width, height, title, legend }: { width: number; height: number; title: string; legend: Coloring | null },
) {
  const top = PAPER.head + PAPER.caption;
  const notes = placeLegend(legend, PAPER.margin, top + height + PAPER.line, width - 2 * PAPER.margin);
  const ratio = Math.max(1, ...views.map((view) => view.canvases[0].width / view.width));
  const foot = notes.length ? Math.max(...notes.map(({ y }) => y)) + PAPER.line : top + height;
  const sheet = new OffscreenCanvas(Math.round(width * ratio), Math.round(foot * ratio));
  const ink = sheet.getContext("2d")!;
  ink.scale(ratio, ratio);
  Object.assign(ink, { fillStyle: PAPER.ground, textBaseline: "alphabetic", lineJoin: "round" });
  ink.fillRect(0, 0, width, foot);
  writeText(ink, title, PAPER.margin, 23, { size: 14, weight: 600 });
  for (const view of views) {
    const at = [view.x, top + view.y, view.width, view.height] as const;
    ink.fillStyle = PAPER.panel;
    ink.fillRect(...at);
    for (const canvas of view.canvases) ink.drawImage(canvas, ...at);
    writeText(ink, view.title, view.x + PAPER.margin, top + view.y - 6, { size: 12, color: PAPER.muted });
  }
  for (const note of notes) drawNote(ink, note);
  return sheet.convertToBlob({ type: "image/png" });
}

type Ink = OffscreenCanvasRenderingContext2D;

/** With a rim of the ground: a title may have to lie on what is above its view. */
function writeText(
  ink: Ink,
  text: string,
  x: number,
  y: number,
  { size = PAPER.size, weight = 400, color = PAPER.ink },
) {
  ink.font = `${weight} ${size}px ${PAPER.font}`;
  Object.assign(ink, { strokeStyle: PAPER.ground, lineWidth: 3, fillStyle: color });
  ink.strokeText(text, x, y);
  ink.fillText(text, x, y);
}

function drawNote(ink: Ink, { name, color = "", shape, x, y }: Note) {
  if (shape) {
    ink.save();
    ink.translate(x + 4, y - 4);
    ink.scale(4, 4);
    ink.fillStyle = color;
    ink.fill(new Path2D(SHAPES[shape]));
    ink.restore();
  }
  writeText(ink, name, shape ? x + 14 : x, y, { color: shape ? PAPER.ink : PAPER.muted });
}

// The title and the entries of a legend, in as many lines as they need. The steps of a scale stand between the names
/** of its `ends`. */
function placeLegend(legend: Coloring | null, left: number, top: number, width: number): Note[] {
  if (!legend) return [];
  const ink = new OffscreenCanvas(1, 1).getContext("2d")!;
  ink.font = `${PAPER.size}px ${PAPER.font}`;
  let [x, y] = [left, top];
  const { title, entries, ends } = legend;
  const [scale, rest] = splitScale(legend);
  const steps = scale.map((entry) => ({ ...entry, name: "" }));
  const words: Word[] = ends ? [{ name: ends[0] }, ...steps, { name: ends[1] }, ...rest] : entries;
  return [{ name: title }, ...words].map((word: Word) => {
    const length = ink.measureText(word.name).width + (word.name ? 18 : 0) + (word.shape ? 12 : 0);
    if (x > left && x + length > left + width) [x, y] = [left, y + PAPER.line];
    x += length;
    return { ...word, x: x - length, y };
  });
}

// --- drawing --------------------------------------------------------------------------------------

/** The views side by side over the legend, as the text of an SVG file. */
export function writeSVG(views: DrawnView[], legend: Coloring | null) {
  const { margin, gap, caption } = PAPER;
  const width = 2 * margin + views.reduce((sum, view) => sum + view.width + gap, -gap);
  const top = margin + caption;
  const bottom = top + Math.max(...views.map((view) => view.height));
  const notes = placeLegend(legend, margin, bottom + 26, width - 2 * margin);
  const height = Math.max(bottom, ...notes.map(({ y }) => y)) + margin;
  let x = margin;
  const drawn = views.map((view) => {
    const text = describeView(view, x, top);
    x += view.width + gap;
    return text;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
      ` font-family="${PAPER.font}" font-size="${PAPER.size}">`,
    `<title>${escapeText(views.map(({ title }) => title).join(" and "))}</title>`,
    `<rect width="${width}" height="${height}" fill="${PAPER.ground}"/>`,
    ...drawn,
    `<g class="legend">${notes.map(describeNote).join("\n")}</g>`,
    "</svg>\n",
  ].join("\n");
}

/** A drawing within the drawing clips what lies outside the view. */
function describeView({ title, width, height, points, handles }: DrawnView, x: number, y: number) {
  return [
    `<text x="${shorten(x)}" y="${y - 8}" fill="${PAPER.ink}">${escapeText(title)}</text>`,
    `<svg class="view" x="${shorten(x)}" y="${y}" width="${width}" height="${height}" overflow="hidden">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${PAPER.panel}"/>`,
    `<g class="points" stroke="${PAPER.panel}" paint-order="stroke">`,
    ...points.map((point) => describeMark(point, 1.4)),
    `</g>\n<g class="handles" stroke-width="2">`,
    ...handles.map((handle) => describeHandle(handle, width)),
    "</g>\n</svg>",
  ].join("\n");
}

/** `rim` is the width of its outline in pixels: the scale enlarges outlines too. */
function describeMark({ x, y, r, color, shape, opacity = 1 }: DrawnMark, rim: number) {
  const place = `translate(${shorten(x)} ${shorten(y)}) scale(${shorten(r)})`;
  const faint = opacity < 1 ? ` opacity="${shorten(opacity)}"` : "";
  const width = rim ? ` stroke-width="${shorten(rim / r)}"` : "";
  return `<path d="${SHAPES[shape]}" transform="${place}" fill="${escapeText(color)}"${width}${faint}/>`;
}

function describeHandle({ name, color, x, y }: Spot, width: number) {
  const [at, paint] = [`cx="${shorten(x)}" cy="${shorten(y)}"`, escapeText(color)];
  const left = x > 0.75 * width; // the name is where there is room
  const anchor = left ? ` text-anchor="end"` : "";
  return (
    `<g><circle ${at} r="6" fill="${PAPER.panel}" stroke="${paint}"/><circle ${at} r="2" fill="${paint}"/>` +
    `<text x="${shorten(x + (left ? -12 : 12))}" y="${shorten(y + 4)}"${anchor} fill="${PAPER.ink}" stroke="${PAPER.panel}"` +
    ` stroke-width="3" paint-order="stroke">${escapeText(name)}</text></g>`
  );
}

function describeNote({ name, color = "", shape, x, y }: Note) {
  const mark = shape ? describeMark({ x: x + 4, y: y - 4, r: 4, color, shape }, 0) : "";
  const ink = shape ? PAPER.ink : PAPER.muted;
  return `${mark}<text x="${shorten(shape ? x + 14 : x)}" y="${shorten(y)}" fill="${ink}">${escapeText(name)}</text>`;
}

const shorten = (value: number) => Number(value.toFixed(3));

// Characters that XML 1.0 cannot hold at all are left out.
const escapeText = (text: string) =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

// --- matrices -------------------------------------------------------------------------------------

// What takes a layer's stored embedding to the view, as view = stored . matrix + offset. A line for every dimension of
/** the embedding, from 0, then one for the offset. */
export function writeMatrix(rows: MatrixRow[]) {
  const lines = rows.flatMap(({ run, layer, matrix, offset }) => {
    const pairs = Array.from({ length: matrix.length / 2 }, (_, k) => [k, matrix[2 * k], matrix[2 * k + 1]]);
    return [...pairs, ["offset", ...offset]].map((cells) => [run, layer, ...cells]);
  });
  const table = [["run", "layer", "dimension", "x", "y"], ...lines];
  return table.map((cells) => `${cells.map(quoteCell).join(",")}\r\n`).join("");
}

/** As RFC 4180 says; a text that a spreadsheet would take for a formula gets an apostrophe before it. */
function quoteCell(cell: string | number) {
  const text = typeof cell === "string" && /^'*[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// --- what the menu of the timeline saves ---------------------------------------------------------------

export async function saveTour(tour: GrandTour, kind: Saved) {
  const views = tour.views.filter((view) => view.frame);
  if (!views.length) return;
  const name = ["grand-tour", ...views.map(({ key }) => key), `step-${Math.round(tour.course.step)}`].join("_");
  if (kind === "csv") {
    // The mark tells Excel that it is UTF-8.
    return saveFile(`${name}.csv`, `\ufeff${writeMatrix(listMatrices(tour, views))}`, "text/csv");
  }
  tour.loop.redraw(performance.now()); // what is on the cards is gone once this turn of the event loop is over
  if (kind === "svg") {
    const shapes = views.map((view) => listShapes(view, tour.handled));
    return saveFile(`${name}.svg`, writeSVG(shapes, tour.looks.colors), "image/svg+xml");
  }
  const area = tour.box.getBoundingClientRect();
  const layout = views.map((view) => {
    const { x, y, width, height } = view.box.getBoundingClientRect();
    const canvases = [...view.box.querySelectorAll("canvas")];
    return { canvases, title: entitleView(view), x: x - area.x, y: y - area.y, width, height };
  });
  const { seed, step } = tour.course.texts;
  const title = `Grand Tour of ${views.map(({ key }) => key).join(" and ")}, seed ${seed}, step ${step}`;
  const picture = await composePicture(layout, {
    width: area.width,
    height: area.height,
    title,
    legend: tour.looks.colors,
  });
  saveFile(`${name}.png`, picture, "image/png");
}

const entitleView = (view: CloudView) => `${view.find(".run").textContent} · ${view.find(".layer").textContent}`;

function listShapes(view: CloudView, handled: boolean): DrawnView {
  const { order, part } = view.cast;
  const opacity: Record<number, number> = { [OUT]: 0.3, [BACK]: 0.36, [FULL]: 1 };
  const points = Array.from(order, (i) => {
    const [x, y] = view.place(i);
    const { color, shape } = view.entry(i);
    const r = view.radius * (part[i] === OUT ? 0.86 : 1);
    return { x, y, r, color: part[i] === OUT ? "#5b6672" : color, shape, opacity: opacity[part[i]] };
  });
  return {
    title: entitleView(view),
    width: view.width,
    height: view.height,
    points,
    handles: handled ? view.spots : [],
  };
}

/** From the stored embedding to the view: centred, scaled, then turned. */
function listMatrices(tour: GrandTour, views: CloudView[]): MatrixRow[] {
  return views.map((view) => {
    const { d, mean, scale } = view.cloud!;
    const matrix = showFrame(compose(d, view.pre, tour.course.matrix), d).map((x) => x / scale);
    const offset = project(mean, matrix).map((x) => -x);
    return { run: tour.data.networks[tour.views.indexOf(view)].name, layer: view.key!, matrix, offset };
  });
}
