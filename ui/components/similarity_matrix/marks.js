// What changes under the pointer, on a canvas of its own: the pair on show and the one pointed at.
const [ACCENT, GROUND] = ["#ffb454", "#0e1114"];
const LEAST_FRAME = 8; // pixels: smaller cells have a larger frame

function drawMarks(canvas, layout, chosen, cursor) {
  const ink = fit(canvas, layout);
  if (chosen >= 0) frame(ink, layout, chosen, ACCENT, 2);
  if (cursor >= 0 && cursor !== chosen) frame(ink, layout, cursor, "#ffffff", 1.5);
}

// A frame around the cell, and beside it on both strips.
function frame(ink, layout, pair, color, width) {
  const [x, y, w, h] = layout.place(pair);
  const [across, down] = [Math.max(0, LEAST_FRAME - w) / 2, Math.max(0, LEAST_FRAME - h) / 2];
  const box = [x - across, y - down, w + 2 * across, h + 2 * down];
  ink.lineWidth = width + 2;
  ink.strokeStyle = GROUND;
  ink.strokeRect(...box);
  ink.lineWidth = width;
  ink.strokeStyle = color;
  ink.strokeRect(...box);
  ink.fillStyle = color;
  ink.fillRect(0, y, STRIP, h);
  ink.fillRect(x, 0, w, STRIP);
}
