// One method: the picture, its explanation over it, and above both how far its computation has come.
class MethodTile {
  constructor(key, send) {
    this.key = key;
    this.element = make("figure", "");
    this.element.dataset.method = key;
    this.open = make("button", "open");
    this.open.type = "button";
    this.open.onclick = () => send("open", key);
    this.stacks = [0, 1].map(() => this.stack());
    const pair = make("span", "pair");
    pair.append(...this.stacks.map(({ element }) => element));
    this.name = make("span", "name");
    this.open.append(pair, this.name);
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

  stack() {
    const [element, picture, layer] = [make("span", "stack"), make("img", "picture"), make("img", "layer")];
    picture.alt = layer.alt = "";
    element.append(picture, layer);
    return { element, picture, layer };
  }

  show(picture, tile, isOpen, sides) {
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
    this.stacks.forEach((stack, i) => {
      stack.element.hidden = i > 0 && sides.length < 2;
      stack.element.title = sides[i] ?? "";
      if (stack.picture.src !== picture) stack.picture.src = picture;
      stack.layer.hidden = !isDone || !tile.layers[i];
      if (!stack.layer.hidden && stack.layer.src !== tile.layers[i]) stack.layer.src = tile.layers[i];
    });
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
