// How a box, a group that is open, and a tensor look.
import { draw } from "../base/elements";
import { type Box, type Place, type Point, type SeenLink, SIGNS, SIZES } from "./layout";

const BAR = { width: 46, height: 5, room: 118 };
const DETAIL = 25; // letters

export function drawBox(box: Box, place: Place) {
  const group = draw("g", { class: `box${box.is_group ? " group" : ""}`, "data-key": box.key });
  group.style.setProperty("--kind", box.color);
  group.setAttribute("transform", `translate(${place.x - place.width / 2} ${place.y - place.height / 2})`);
  const { width, height } = place;
  group.append(draw("title", {}, describe(box)));
  if (box.kind in SIGNS && !box.is_group) {
    group.append(
      draw("circle", { class: "body", cx: width / 2, cy: height / 2, r: width / 2 }),
      draw("text", { class: "sign", x: width / 2, y: height / 2 + 5 }, SIGNS[box.kind]),
    );
    return group;
  }
  group.append(
    draw("rect", { class: "body", width, height, rx: 6 }),
    draw("rect", { class: "stripe", x: 5, y: 5, width: 4, height: height - 10, rx: 2 }),
  );
  if (height <= SIZES.plain[1]) {
    const detail = draw(
      "text",
      { class: "detail", x: width - 9, y: 17, "text-anchor": "end" },
      cutStart(box.detail, 20),
    );
    group.append(draw("text", { class: "label", x: 17, y: 17 }, cutEnd(box.label, 18)), detail);
    return group;
  }
  const left = box.is_group ? 42 : 17;
  group.append(
    draw("text", { class: "label", x: left, y: box.is_group ? 21 : 18 }, cutEnd(box.label, 24)),
    draw("text", { class: "detail", x: left, y: box.is_group ? 36 : 34 }, cutStart(box.detail, DETAIL)),
  );
  if (box.is_group) {
    group.append(
      draw("text", { class: "detail", x: left, y: 50 }, `${box.shape} · ${box.field}`),
      drawToggle(16, 19, "+"),
    );
  }
  const middle = height / 2;
  group.append(
    drawBar("parameters", box.parameters, box.parameter_share, width - BAR.room, middle - 8),
    drawBar("multiply-adds", box.multiply_adds, box.multiply_add_share, width - BAR.room, middle + 8),
  );
  return group;
}

function drawBar(name: string, text: string, share: number, x: number, y: number) {
  const group = draw("g", { transform: `translate(${x} ${y})` });
  if (!text) return group;
  group.append(
    draw("text", { class: "amount", x: -12, y: 3.5 }, name === "parameters" ? "P" : "M"),
    draw("rect", { class: "track", y: -BAR.height / 2, width: BAR.width, height: BAR.height, rx: 1.5 }),
    draw("rect", {
      class: name,
      y: -BAR.height / 2,
      width: Math.max(1, BAR.width * share),
      height: BAR.height,
      rx: 1.5,
    }),
    draw("text", { class: "amount", x: BAR.width + 6, y: 3.5 }, text),
  );
  return group;
}

function drawToggle(x: number, y: number, sign: string, name = "toggle") {
  const group = draw("g", { class: name, transform: `translate(${x} ${y})` });
  group.append(draw("rect", { width: 19, height: 19, rx: 5 }), draw("text", { x: 9.5, y: 13.5 }, sign));
  return group;
}

export function drawCluster(box: Box, place: Place) {
  const group = draw("g", { class: `cluster${box.parent ? " inner" : ""}`, "data-key": box.key });
  const [x, y] = [place.x - place.width / 2, place.y - place.height / 2];
  group.append(draw("rect", { x, y, width: place.width, height: place.height, rx: 9 }));
  const title = draw("text", { class: "title", x: x + 32, y: y + 17 }, `${box.label}  `);
  if (!box.parent) title.append(draw("tspan", { dx: 8 }, box.shape));
  const toggle = drawToggle(x + 7, y + 4, "−", "close");
  toggle.append(draw("title", {}, `Close ${box.label}`));
  group.append(title, toggle);
  return group;
}

export function drawLink(link: SeenLink, points: Point[]) {
  const group = draw("g", { class: `link${link.skips ? " skip" : ""}` });
  const text = [...link.shapes].join(", ");
  const at = points[Math.floor(points.length / 2)];
  group.append(draw("path", { d: bend(points), "marker-end": "url(#tip)" }));
  group.append(draw("text", { x: at.x + 6, y: at.y + 3 }, cutEnd(text, 30)));
  return group;
}

/** A line through points with round corners: it bends towards each point and meets the middles between. */
export function bend([first, ...rest]: Point[]) {
  let path = `M ${first.x} ${first.y}`;
  rest.slice(0, -1).forEach(({ x, y }, i) => {
    path += ` Q ${x} ${y} ${(x + rest[i + 1].x) / 2} ${(y + rest[i + 1].y) / 2}`;
  });
  const last = rest[rest.length - 1];
  return `${path} L ${last.x} ${last.y}`;
}

// Of a path of modules the end says most, of a text the beginning.
export const cutEnd = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
export const cutStart = (text: string, most: number) => (text.length > most ? `…${text.slice(1 - most)}` : text);

/** What a screen reader, or a pointer that waits, is told. */
export function describe(box: Box) {
  const words = [
    box.label,
    box.detail,
    `output ${box.shape}`,
    box.field,
    box.parameters && `${box.parameters} parameters, ${(100 * box.parameter_share).toFixed(1)} %`,
    box.multiply_adds && `${box.multiply_adds} multiply-adds, ${(100 * box.multiply_add_share).toFixed(1)} %`,
  ];
  return words.filter(Boolean).join(", ");
}
