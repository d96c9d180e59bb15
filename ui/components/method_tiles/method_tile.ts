// One method: the picture, its explanation over it, and above both how far its computation has come.
import type { Send } from "../base/component";
import { make } from "../base/elements";
import type { Data, Method, Triggers } from "./method_tiles";

const BUSY: Record<string, string> = { waiting: "waiting …", running: "computing …" };

export class MethodTile {
  readonly element = make("figure");
  private open = make("button", "open");
  private stacks = [0, 1].map(() => {
    const [element, picture, layer] = [make("span", "stack"), make("img", "picture"), make("img", "layer")];
    picture.alt = layer.alt = "";
    element.append(picture, layer);
    return { element, picture, layer };
  });
  private name = make("span", "name");
  private over = make("div", "over");
  private said = make("span", "said");
  private bar = make("span", "bar");
  private fill = make("i");
  private act = make("button");
  private action: "compute" | "cancel" = "compute";

  constructor(key: string, send: Send<Triggers>) {
    this.element.dataset.method = key;
    this.open.type = this.act.type = "button";
    this.open.onclick = () => send("open", key);
    this.act.onclick = () => send(this.action, key);
    const pair = make("span", "pair");
    pair.append(...this.stacks.map(({ element }) => element));
    this.open.append(pair, this.name);
    this.bar.append(this.fill);
    this.over.append(this.said, this.bar, this.act);
    this.element.append(this.open, this.over);
  }

  show({ picture, sides, open }: Data, { key, name, state, layers, done, total, note, is_long }: Method) {
    const isDone = state === "done";
    const running = state in BUSY;
    this.element.dataset.state = state;
    this.element.classList.toggle("is-open", key === open);
    this.element.classList.toggle("blank", !isDone);
    this.element.setAttribute("aria-busy", String(running));
    this.open.setAttribute("aria-pressed", String(key === open));
    this.open.title = `${name}: what it is, and its options`;
    this.open.setAttribute("aria-label", this.open.title);
    this.name.textContent = name;
    this.stacks.forEach((stack, i) => {
      stack.element.hidden = i > 0 && sides.length < 2;
      stack.element.title = sides[i] ?? "";
      if (stack.picture.src !== picture) stack.picture.src = picture;
      stack.layer.hidden = !isDone || !layers[i];
      if (!stack.layer.hidden && stack.layer.src !== layers[i]) stack.layer.src = layers[i];
    });
    this.over.hidden = isDone;
    this.said.textContent = this.said.title = BUSY[state] ?? note;
    this.bar.hidden = !(running && total);
    this.fill.style.width = `${total ? (100 * done) / total : 0}%`;
    this.action = running ? "cancel" : "compute";
    this.act.hidden = !(state === "idle" || (running && is_long));
    this.act.textContent = running ? "Cancel" : "Compute";
    this.act.title = running ? `Cancel ${name}` : `Compute ${name}: ${note}`;
    this.act.setAttribute("aria-label", this.act.title);
  }

  fade(opacity: number) {
    for (const { layer } of this.stacks) layer.style.opacity = String(opacity);
  }
}
