// Tells the height of the container around it, when it has stayed the same for a moment.
import { mount, type Send } from "../base/component";

const CALM = 150; // milliseconds

class Room {
  private height = 0;
  private timer?: ReturnType<typeof setTimeout>;
  private observer: ResizeObserver;

  constructor(root: ShadowRoot, send: Send<{ height: number }>) {
    const box = root.host.closest(".stVerticalBlock")!;
    this.observer = new ResizeObserver(() => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        const height = Math.round(box.clientHeight);
        if (!height || height === this.height) return;
        this.height = height;
        send("height", height);
      }, CALM);
    });
    this.observer.observe(box);
  }

  show() {}

  stop() {
    clearTimeout(this.timer);
    this.observer.disconnect();
  }
}

export default mount(Room, "state");
