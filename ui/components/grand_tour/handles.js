// Handles on a canvas above the points: rings with a name, which are dragged to steer the projection.
const HANDLE = { radius: 6, reach: 12, accent: "#ffb454", ground: "#14181d", ink: "#e9ecef" };

class HandleLayer {
  constructor(canvas) {
    Object.assign(this, { canvas, ink: canvas.getContext("2d"), handles: [], width: 1, height: 1 });
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.ink.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  // [{ name, color, x, y }], from back to front, in pixels of the page; `active` is held or pointed at, or -1.
  draw(handles, active) {
    this.handles = handles;
    const { ink } = this;
    ink.clearRect(0, 0, this.width, this.height);
    ink.font = `11px ${getComputedStyle(this.canvas).fontFamily}`;
    ink.textBaseline = "middle";
    ink.lineJoin = "round";
    handles.forEach((handle, i) => i !== active && this.drawHandle(handle, false));
    if (handles[active]) this.drawHandle(handles[active], true);
  }

  drawHandle({ name, color, x, y }, active) {
    const { ink } = this;
    const radius = HANDLE.radius + (active ? 1.5 : 0);
    ink.beginPath();
    ink.arc(x, y, radius, 0, 7);
    Object.assign(ink, { fillStyle: HANDLE.ground, strokeStyle: HANDLE.ground, lineWidth: 4 });
    ink.stroke();
    ink.fill();
    Object.assign(ink, { strokeStyle: active ? HANDLE.accent : color, lineWidth: 2 });
    ink.stroke();
    ink.beginPath();
    ink.arc(x, y, 2, 0, 7);
    ink.fillStyle = color;
    ink.fill();
    // On the side where there is room.
    const beside = radius + 5;
    const left = x + beside + ink.measureText(name).width > this.width;
    ink.textAlign = left ? "right" : "left";
    Object.assign(ink, { strokeStyle: `${HANDLE.ground}cc`, lineWidth: 3, fillStyle: HANDLE.ink });
    ink.strokeText(name, x + (left ? -beside : beside), y);
    ink.fillText(name, x + (left ? -beside : beside), y);
  }

  // The handle nearest to a place, or -1.
  hit(px, py) {
    let [least, best] = [HANDLE.reach ** 2, -1];
    this.handles.forEach(({ x, y }, i) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance <= least) [least, best] = [distance, i];
    });
    return best;
  }
}
