// A layer's channels as dots and, in their order, as pictures; a click goes to one.
const atlases = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!atlases.has(parentElement)) atlases.set(parentElement, new ChannelAtlas(parentElement));
  const atlas = atlases.get(parentElement);
  atlas.send = (channel) => setTriggerValue("pick", channel);
  atlas.show(data);
  return () => {
    atlas.field.observer.disconnect();
    atlases.delete(parentElement);
  };
}

class ChannelAtlas {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.field = new Field(this.find(".field"), (channel) => this.pick(channel));
    const go = (name, step) => (this.find(name).onclick = () => this.walk(step()));
    go(".previous", () => -1);
    go(".next", () => 1);
    go(".back", () => -this.data.page.length);
    go(".on", () => this.data.page.length);
  }

  show(data) {
    this.data = data;
    this.at = data.order.indexOf(data.current);
    this.field.set(data, (i) => this.describe(i));
    this.showPlace();
    this.showCells();
  }

  name(i) {
    return this.data.names ? this.data.names[i] : `${this.data.unit} ${i}`;
  }

  describe(i) {
    const { index, strongest, preferred, classes } = this.data;
    const liked = index[i] === null ? "selectivity not defined" : `${index[i].toFixed(2)} for ${classes[preferred[i]][0]}`;
    return [make("b", "", this.name(i)), make("span", "", ` ${liked} `), make("em", "", `peak ${write(strongest[i])}`)];
  }

  showPlace() {
    const { order } = this.data;
    const place = this.find(".place");
    place.replaceChildren(make("em", "", String(this.at + 1)), ` of ${order.length}`);
  }

  showCells() {
    const { page, sheet, current, preferred, classes, strongest, first, order, names } = this.data;
    const cells = this.find(".cells");
    const root = cells.getRootNode();
    const focused = [...cells.children].indexOf(root.activeElement);
    cells.replaceChildren(
      ...page.map((channel, i) => {
        const cell = make("button", strongest[channel] === 0 ? "silent" : "");
        cell.type = "button";
        cell.dataset.channel = channel;
        cell.setAttribute("aria-current", String(channel === current));
        cell.title = [...this.describe(channel)].map((each) => each.textContent).join("");
        cell.setAttribute("aria-label", cell.title);
        const picture = make("i");
        picture.style.backgroundImage = `url("${sheet}")`;
        picture.style.backgroundSize = `${100 * page.length}% 100%`;
        picture.style.backgroundPosition = `${page.length > 1 ? (100 * i) / (page.length - 1) : 0}% 0`;
        picture.style.borderColor = classes[preferred[channel]]?.[1] ?? "#454e58";
        cell.append(picture, make("span", "", names ? names[channel] : String(channel)));
        cell.onclick = () => this.pick(channel);
        return cell;
      }),
    );
    if (focused >= 0) cells.querySelector("[aria-current=true]")?.focus();
    this.find(".back").disabled = first === 0;
    this.find(".on").disabled = first + page.length >= order.length;
    for (const name of [".previous", ".next"]) this.find(name).disabled = order.length < 2;
  }

  // Round at the ends by single steps; by pages up to the last one.
  walk(step) {
    const { order } = this.data;
    const n = order.length;
    const to = Math.abs(step) === 1 ? (this.at + step + n) % n : Math.max(0, Math.min(n - 1, this.at + step));
    this.pick(order[to]);
  }

  pick(channel) {
    if (channel !== this.data.current) this.send(channel);
  }
}
