// What the keys do, wherever on the page the focus is: they are heard once, at the window.
const SHORTCUTS = {
  " ": (tour) => tour.toggle(),
  ",": (tour) => tour.step(-1),
  ".": (tour) => tour.step(1),
  ArrowLeft: (tour) => tour.journey.step(-1),
  ArrowRight: (tour) => tour.journey.step(1),
  Home: (tour) => tour.journey.step(-Infinity),
  End: (tour) => tour.journey.step(Infinity),
  i: (tour) => tour.togglePictures(),
  h: (tour) => tour.toggleHandles(),
  l: (tour) => tour.pointing.toggleLasso(),
  d: (tour) => tour.pointing.group(),
  x: (tour) => tour.pointing.ungroup(),
  "+": (tour) => tour.zoomBy(1.5),
  "=": (tour) => tour.zoomBy(1.5),
  "-": (tour) => tour.zoomBy(1 / 1.5),
  0: (tour) => tour.fit(),
  Escape: (tour) => tour.escape(),
};
const WALKING = [" ", "ArrowLeft", "ArrowRight", "Home", "End", "Escape"]; // what other controls use as well

function pressAnywhere(tour, event) {
  const [target] = event.composedPath();
  if (event.defaultPrevented || isShortcut(event) || isWriting(target)) return;
  const ours = target === document.body || event.composedPath().includes(tour.element);
  if (!ours && WALKING.includes(event.key)) return;
  if (event.key === " " && target.closest?.("button")) return; // it is pressed with that
  const act = SHORTCUTS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act(tour);
}
