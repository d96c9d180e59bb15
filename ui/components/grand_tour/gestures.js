// What the pointer does to a view.
const SLACK = 4; // pixels that a click may slip

function followPointer(tour, view) {
  const { pointing } = tour;
  const surface = view.find(".handles");
  const place = ({ offsetX, offsetY }) => [offsetX, offsetY];
  let grip = null; // where a drag began, and what it does

  surface.onpointerdown = (event) => {
    if (event.button !== 0 || !view.frame) return;
    surface.setPointerCapture(event.pointerId);
    tour.use(view);
    const [x, y] = place(event);
    const draws = pointing.tool === "lasso" || event.shiftKey;
    pointing.at(view, x, y); // a finger has not been anywhere before
    const { handle } = pointing;
    grip = { from: [x, y], last: [x, y], moved: false, does: draws ? "draw" : handle ? "steer" : "pan", handle };
    if (draws) pointing.draw(view, [x, y]);
    if (grip.does === "steer") tour.hold(true);
  };
  surface.onpointermove = (event) => {
    const [x, y] = place(event);
    if (!grip) return pointing.at(view, x, y);
    if (!grip.moved && Math.hypot(x - grip.from[0], y - grip.from[1]) <= SLACK) return;
    grip.moved = true;
    pointing.hover(-1, view);
    if (grip.does === "steer") pointing.steer(grip.handle, x, y);
    else if (grip.does === "pan") tour.pan(view, x - grip.last[0], y - grip.last[1]);
    else if (!pointing.line.length) return stop(); // Escape has thrown it away
    else pointing.draw(view, (event.getCoalescedEvents?.() ?? [event]).flatMap(place).concat(x, y));
    grip.last = [x, y];
    surface.classList.toggle("dragged", grip.does !== "draw");
  };
  const stop = () => {
    if (grip?.does === "steer") tour.hold(false);
    grip = null;
    surface.classList.remove("dragged");
    pointing.drop();
  };
  surface.onpointerup = (event) => {
    if (!grip) return;
    const { does, moved } = grip;
    if (does === "draw" && moved) pointing.enclose();
    else if (does === "steer" && moved) pointing.release();
    else if (does === "pan" && moved) tour.rest();
    else if (does === "pan") pointing.click(view, ...place(event));
    stop();
  };
  surface.onpointercancel = () => {
    if (grip?.does === "steer") pointing.release();
    stop();
  };
  surface.onpointerleave = () => !grip && pointing.leave();
  surface.ondblclick = (event) => {
    if (pointing.tool !== "lasso" && !pointing.rename(view, ...place(event))) tour.fit();
  };
  const wheel = (event) => {
    event.preventDefault();
    if (!view.frame) return;
    const notches = event.deltaY * (event.deltaMode ? 0.05 : 0.0015);
    tour.use(view);
    tour.zoom.finish();
    tour.zoom.set(tour.zoom.magnify(Math.exp(-notches), ...view.unproject(...place(event))));
    pointing.at(view, ...place(event));
    tour.rest();
    tour.loop.invalidate();
  };
  surface.addEventListener("wheel", wheel, { passive: false });
}
