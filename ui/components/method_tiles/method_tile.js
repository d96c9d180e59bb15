// One method: the picture, its explanation over it, and above both how far its computation has come.
class MethodTile {
  constructor(key, send) {
    this.key = key;
    this.element = make("figure", "");
    this.element.dataset.method = key;
    this.open = make("button", "open");
    this.open.type = "button";
    this.open.onclick = () => send("open", key);
    const stack = make("span", "stack");
    this.picture = make("img", "picture");
    this.layer = make("img", "layer");
    this.picture.alt = this.layer.alt = "";
    stack.append(this.picture, this.layer);
    this.name = make("span", "name");
    this.open.append(stack, this.name);
    this.over = make("div", "over");
    this.said = make("span", "said");
    this.bar = make("span", "bar");
    this.fill = make("i", "");
    this.bar.append(this.fill);
    this.act = make("button", "");
    this.act.type = "button";
    this.act.onclick = () => send(this.action, key);
    this.over.append(this.said, this.bar, this.act);
    this.element.append(this.open, this.over);
  }

  show(picture, tile, isOpen) {
    const isDone = tile.state === "done";
    const running = tile.state === "running" || tile.state === "waiting";
    this.element.dataset.state = tile.state;
    this.element.classList.toggle("is-open", isOpen);
    this.element.classList.toggle("blank", !isDone);
    this.element.setAttribute("aria-busy", String(running));
    this.open.setAttribute("aria-pressed", String(isOpen));
    this.open.setAttribute("aria-label", `${tile.name}: what it is, and its options`);
    this.open.title = `${tile.name}: what it is, and its options`;
    this.name.textContent = tile.name;
    if (this.picture.src !== picture) this.picture.src = picture;
    this.layer.hidden = !isDone;
    if (isDone && this.layer.src !== tile.layer) this.layer.src = tile.layer;
    this.over.hidden = isDone;
    this.said.textContent = { waiting: "waiting …", running: "computing …" }[tile.state] ?? tile.note;
    this.said.title = this.said.textContent;
    this.bar.hidden = !(running && tile.total);
    this.fill.style.width = `${tile.total ? (100 * tile.done) / tile.total : 0}%`;
    this.action = running ? "cancel" : "compute";
    this.act.hidden = !(tile.state === "idle" || (running && tile.isLong));
    this.act.textContent = running ? "Cancel" : "Compute";
    this.act.title = running ? `Cancel ${tile.name}` : `Compute ${tile.name}: ${tile.note}`;
    this.act.setAttribute("aria-label", this.act.title);
  }
}
