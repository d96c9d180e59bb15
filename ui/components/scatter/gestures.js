// What the pointer and the keys do to a plot.
const SLACK = 4; // pixels that a click may slip
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const place = (event) => [event.offsetX, event.offsetY];

function followPointer(plot, surface) {
  let grip = null; // where a drag began
  surface.onpointerdown = (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    plot.stage.camera.finish();
    const draws = plot.tool === "lasso" || event.shiftKey;
    grip = { from: place(event), pose: plot.stage.camera.pose, draws, moved: false };
    if (draws) plot.line = place(event);
  };
  surface.onpointermove = (event) => {
    const [x, y] = place(event);
    if (!grip) return plot.point(x, y);
    const [dx, dy] = [x - grip.from[0], y - grip.from[1]];
    if (!grip.moved && Math.hypot(dx, dy) <= SLACK) return;
    grip.moved = true;
    surface.classList.toggle("dragged", !grip.draws);
    plot.hover(-1);
    if (!grip.draws) plot.pan({ ...grip.pose, x: grip.pose.x + dx, y: grip.pose.y + dy });
    else if (!plot.line.length) grip = null; // Escape has thrown it away
    else plot.draw((event.getCoalescedEvents?.() ?? [event]).flatMap(place).concat(x, y));
  };
  surface.onpointerup = (event) => {
    surface.classList.remove("dragged");
    if (grip?.moved && grip.draws) plot.enclose();
    else if (grip && !grip.moved) plot.click(...place(event));
    plot.line = [];
    grip = null;
  };
  surface.onpointercancel = () => {
    surface.classList.remove("dragged");
    plot.line = [];
    grip = null;
    plot.invalidate();
  };
  surface.onpointerenter = () => (plot.inside = true);
  surface.onpointerleave = () => {
    plot.inside = false;
    plot.hover(-1);
  };
  surface.ondblclick = () => plot.tool !== "lasso" && plot.reset();
  const wheel = (event) => {
    event.preventDefault();
    const notches = event.deltaY * (event.deltaMode ? 0.05 : 0.0015);
    plot.stage.camera.finish();
    plot.pan(plot.stage.camera.zoom(Math.exp(-notches), ...place(event)));
    plot.point(...place(event));
  };
  surface.addEventListener("wheel", wheel, { passive: false });
}

function pressKey(plot, event) {
  if (isShortcut(event)) return;
  const walked = event.target === plot.box && pressWalk(plot, event.key);
  if (!walked && !pressTool(plot, event.key)) return;
  event.preventDefault();
  event.stopPropagation(); // Streamlit has keys of its own
}

// The keys of the tools also count while the pointer is over the plot.
function pressAnywhere(plot, event) {
  const [target] = event.composedPath();
  if (!plot.inside || event.defaultPrevented || isShortcut(event)) return;
  if (plot.box.contains(target) || isWriting(target)) return;
  if (event.key === "Escape" && target !== document.body) return; // it may close something else
  if (pressTool(plot, event.key)) event.preventDefault();
}

function pressWalk(plot, key) {
  if (key in STEPS) plot.step(STEPS[key]);
  else if (key === "Enter" && plot.hovered >= 0) plot.pin(plot.hovered);
  else return false;
  return true;
}

function pressTool(plot, key) {
  const does = {
    Escape: () => plot.escape(),
    i: () => plot.togglePictures(),
    l: () => plot.toggleLasso(),
    "+": () => plot.zoomBy(1.5),
    "=": () => plot.zoomBy(1.5),
    "-": () => plot.zoomBy(1 / 1.5),
    0: () => plot.reset(),
  }[key.length === 1 ? key.toLowerCase() : key];
  does?.();
  return does !== undefined;
}
