// Pictures of chosen samples side by side, from the sheet on the page: a list box that is clicked, or
// walked through with the arrow keys.
const BATCH = 240; // cells that are laid out at a time
const ABREAST = 10; // cells of a single row, which fill its width
const GAP = 5; // pixels between cells
const EDGES = { Home: -Infinity, End: Infinity };
const PATIENCE = 10_000; // milliseconds after which the page is right if it disagrees
const sheets = new WeakMap();

// Streamlit calls this at every change of data; the cells live as long as their root.
export default function ({ data, parentElement, setTriggerValue }) {
  if (!sheets.has(parentElement)) sheets.set(parentElement, new ContactSheet(parentElement));
  const sheet = sheets.get(parentElement);
  sheet.send = (uid) => setTriggerValue("pin", uid);
  sheet.show(data);
  return () => {
    sheet.stop();
    sheets.delete(parentElement);
  };
}

class ContactSheet {
  constructor(root) {
    this.find = (name) => root.querySelector(name);
    this.list = this.find(".cells");
    this.current = -1;
    this.listen();
  }

  listen() {
    const { list } = this;
    const under = (event) => [...list.children].indexOf(event.target.closest(".cell"));
    list.onclick = (event) => this.pick(under(event));
    list.onkeydown = (event) => this.press(event);
    list.onpointerover = (event) => this.announce(this.data.uids[under(event)]);
    list.onpointerleave = () => this.announce(undefined);
    this.find(".more").onclick = () => this.extend();
    this.onThumbnails = () => this.fill();
    addEventListener("layerscope:thumbnails", this.onThumbnails);
    this.observer = new ResizeObserver(() => this.limit());
    this.observer.observe(list);
  }

  stop() {
    this.announce(undefined);
    clearTimeout(this.timer);
    this.observer.disconnect();
    removeEventListener("layerscope:thumbnails", this.onThumbnails);
  }

  show(data) {
    const content = JSON.stringify({ ...data, pinned: null });
    const another = content !== this.content;
    const told = data.pinned !== this.data?.pinned;
    this.data = data;
    if (another) {
      this.content = content;
      this.announce(undefined);
      this.current = -1;
      this.list.replaceChildren();
      this.find(".frame").scrollTop = 0;
      const columns = data.rows === 1 ? `repeat(${ABREAST}, minmax(0, 1fr))` : `repeat(auto-fill, minmax(${data.side}px, 1fr))`;
      this.list.style.setProperty("--columns", columns);
      this.list.setAttribute("aria-label", `${data.uids.length} samples`);
      this.extend();
    }
    if (another || told) this.mark(data.pinned);
  }

  // Another batch of cells, and how many are left.
  extend() {
    const { uids, kinds, groups } = this.data;
    const first = this.list.children.length;
    const cells = uids.slice(first, first + BATCH).map((uid, i) => {
      const [name, color] = kinds[groups[first + i]];
      const cell = document.createElement("div");
      cell.className = "cell";
      cell.id = `cell-${first + i}`;
      cell.setAttribute("role", "option");
      cell.setAttribute("aria-selected", String(uid === this.pinned));
      cell.setAttribute("aria-posinset", first + i + 1);
      cell.setAttribute("aria-setsize", uids.length);
      cell.title = `${String(uid).padStart(4, "0")} ${name}`;
      cell.style.setProperty("--color", color);
      return cell;
    });
    this.list.append(...cells);
    const left = uids.length - this.list.children.length;
    const more = this.find(".more");
    more.hidden = left <= 0;
    more.textContent = `+${left} more`;
    this.fill();
    this.limit();
  }

  fill() {
    const sheet = window.layerscopeThumbnails;
    const there = sheet?.family === this.data?.family;
    if (!this.data) return;
    const rows = there ? Math.ceil(sheet.count / sheet.columns) : 1;
    this.list.style.setProperty("--sheet", there ? `url(${sheet.url})` : "none");
    this.list.style.setProperty("--extent", there ? `${100 * sheet.columns}% ${100 * rows}%` : "auto");
    [...this.list.children].forEach((cell, i) => {
      const uid = this.data.uids[i];
      const has = there && uid < sheet.count;
      cell.classList.toggle("there", has);
      if (!has) return;
      // In per cent of what overhangs, so that cells may have any width.
      const across = sheet.columns > 1 ? (100 * (uid % sheet.columns)) / (sheet.columns - 1) : 0;
      const down = rows > 1 ? (100 * Math.floor(uid / sheet.columns)) / (rows - 1) : 0;
      cell.style.backgroundPosition = `${across}% ${down}%`;
    });
  }

  // No higher than so many rows.
  limit() {
    const cell = this.list.firstElementChild;
    const { rows } = this.data ?? {};
    const pitch = cell ? cell.offsetHeight + GAP : 0;
    this.find(".frame").style.maxHeight = rows && pitch ? `${rows * pitch - GAP}px` : "none";
  }

  mark(uid) {
    clearTimeout(this.timer);
    this.pinned = uid;
    [...this.list.children].forEach((cell, i) => cell.setAttribute("aria-selected", String(this.data.uids[i] === uid)));
  }

  pick(i) {
    const uid = this.data.uids[i];
    if (uid === undefined) return;
    this.go(i);
    if (uid === this.pinned) return;
    this.mark(uid); // shown at once; the page follows
    this.timer = setTimeout(() => this.mark(this.data.pinned), PATIENCE);
    this.send(uid);
  }

  // Plots on the page show the same sample.
  announce(uid) {
    if (uid === this.announced) return;
    this.announced = uid;
    const detail = { family: this.data?.family, uid };
    dispatchEvent(new CustomEvent("layerscope:sample", { detail }));
  }

  go(i) {
    this.list.children[this.current]?.classList.remove("current");
    this.current = i;
    const cell = this.list.children[i];
    cell.classList.add("current");
    this.list.setAttribute("aria-activedescendant", cell.id);
    if (!this.data.rows) return cell.scrollIntoView({ block: "nearest" });
    // That would scroll the page as well.
    const frame = this.find(".frame");
    const top = cell.offsetTop - this.list.offsetTop;
    if (top < frame.scrollTop) frame.scrollTop = top;
    const below = top + cell.offsetHeight + 6 - frame.clientHeight;
    if (below > frame.scrollTop) frame.scrollTop = below;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const abreast = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -abreast, ArrowDown: abreast, ...EDGES };
    if (event.key in steps) this.walk(steps[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && this.current >= 0) this.pick(this.current);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  walk(step) {
    const start = this.current < 0 ? this.data.uids.indexOf(this.pinned) : this.current;
    const next = start < 0 && Number.isFinite(step) ? 0 : start + step;
    if (next >= this.list.children.length && Number.isFinite(step)) this.extend();
    const last = this.list.children.length - 1;
    if (last < 0) return;
    this.go(Math.min(last, Math.max(0, next)));
    this.announce(this.data.uids[this.current]);
  }
}
