// Tells the height of the container around it, when it has stayed the same for a moment.
const CALM = 150; // milliseconds
const rooms = new WeakMap();

export default function ({ parentElement, setStateValue }) {
  const known = rooms.get(parentElement) ?? {};
  known.send = (height) => setStateValue("height", height);
  if (!known.observer) {
    const host = parentElement.host ?? parentElement;
    const box = host.closest(".stVerticalBlock");
    known.observer = new ResizeObserver(() => {
      clearTimeout(known.timer);
      known.timer = setTimeout(() => {
        const height = Math.round(box.clientHeight);
        if (!height || height === known.height) return;
        known.height = height;
        known.send(height);
      }, CALM);
    });
    known.observer.observe(box);
    rooms.set(parentElement, known);
  }
  return () => {
    clearTimeout(known.timer);
    known.observer.disconnect();
    rooms.delete(parentElement);
  };
}
