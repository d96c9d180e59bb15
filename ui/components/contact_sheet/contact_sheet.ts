// Pictures of chosen samples side by side, from the sheet on the page: a list box that is clicked, or walked through with
// the arrow keys.
import { hear, latest, tell } from "../base/channel";
import { mount, type Send } from "../base/component";
import { clamp, find, make } from "../base/elements";
import { isShortcut } from "../base/keys";
import { Choices } from "../points/choices";
import "./contact_sheet.css";

interface Data {
  uids: number[];
  /** Names of classes with their colours; `groups` are indices into them, by picture. */
  kinds: [name: string, color: string][];
  groups: number[];
  family: string;
  pinned: number;
  /** Least width of a picture in pixels. */
  side: number;
  /** In sight at once; null for all. */
  rows: number | null;
}

type Triggers = { pinned: number };

const BATCH = 240; // cells that are laid out at a time
const ABREAST = 10; // cells of a single row, which fill its width
const GAP = 5; // pixels between cells

class ContactSheet {
  private data?: Data;
  private list: HTMLElement;
  private frame: HTMLElement;
  private more: HTMLElement;
  private current = -1; // the cell that the keys are at
  private announced: number | undefined;
  private content = "";
  private choices: Choices<Triggers>;
  private observer = new ResizeObserver(() => this.limit());
  private deafen = hear("thumbnails", () => this.fill());

  constructor(root: ShadowRoot, send: Send<Triggers>) {
    this.choices = new Choices({ pinned: -1 }, send, () => this.mark());
    [this.list, this.frame, this.more] = [find(root, ".cells"), find(root, ".frame"), find(root, ".more")];
    const under = ({ target }: Event) => this.cells.indexOf((target as Element).closest<HTMLElement>(".cell")!);
    this.list.onclick = (event) => this.pick(under(event));
    this.list.onkeydown = (event) => this.press(event);
    this.list.onpointerover = (event) => this.announce(this.data?.uids[under(event)]);
    this.list.onpointerleave = () => this.announce(undefined);
    this.more.onclick = () => this.extend();
    this.observer.observe(this.list);
  }

  stop() {
    this.announce(undefined);
    this.choices.stop();
    this.observer.disconnect();
    this.deafen();
  }

  show(data: Data) {
    const content = JSON.stringify({ ...data, pinned: null });
    const another = content !== this.content;
    this.data = data;
    this.choices.confirm(data, another);
    if (another) {
      this.content = content;
      this.announce(undefined);
      this.current = -1;
      this.list.replaceChildren();
      this.frame.scrollTop = 0;
      const abreast = data.rows === 1 ? [ABREAST, "0"] : ["auto-fill", `${data.side}px`];
      this.list.style.setProperty("--columns", `repeat(${abreast[0]}, minmax(${abreast[1]}, 1fr))`);
      this.list.setAttribute("aria-label", `${data.uids.length} samples`);
      this.extend();
    } else this.mark();
  }

  private get cells() {
    return [...this.list.children] as HTMLElement[];
  }

  /** Another batch of cells, and how many are left. */
  private extend() {
    if (!this.data) return;
    const { uids, kinds, groups } = this.data;
    const first = this.list.children.length;
    const cells = uids.slice(first, first + BATCH).map((uid, i) => {
      const [name, color] = kinds[groups[first + i]];
      const cell = make("div", "cell");
      cell.id = `cell-${first + i}`;
      cell.setAttribute("role", "option");
      cell.setAttribute("aria-posinset", String(first + i + 1));
      cell.setAttribute("aria-setsize", String(uids.length));
      cell.title = `${String(uid).padStart(4, "0")} ${name}`;
      cell.style.setProperty("--color", color);
      return cell;
    });
    this.list.append(...cells);
    const left = uids.length - this.list.children.length;
    this.more.hidden = left <= 0;
    this.more.textContent = `+${left} more`;
    this.fill();
    this.limit();
    this.mark();
  }

  private fill() {
    if (!this.data) return;
    const { uids, family } = this.data;
    const posted = latest("thumbnails");
    const sheet = posted?.family === family ? posted : null;
    const [columns, rows] = sheet ? [sheet.columns, Math.ceil(sheet.count / sheet.columns)] : [1, 1];
    this.list.style.setProperty("--sheet", sheet ? `url(${sheet.url})` : "none");
    this.list.style.setProperty("--extent", sheet ? `${100 * columns}% ${100 * rows}%` : "auto");
    // In per cent of what overhangs, so that cells may have any width.
    const part = (at: number, count: number) => (count > 1 ? (100 * at) / (count - 1) : 0);
    this.cells.forEach((cell, i) => {
      const has = sheet !== null && uids[i] < sheet.count;
      cell.classList.toggle("there", has);
      const [across, down] = [part(uids[i] % columns, columns), part(Math.floor(uids[i] / columns), rows)];
      if (has) cell.style.backgroundPosition = `${across}% ${down}%`;
    });
  }

  /** No higher than so many rows. */
  private limit() {
    const cell = this.cells[0];
    const { rows } = this.data ?? {};
    const pitch = cell ? cell.offsetHeight + GAP : 0;
    this.frame.style.maxHeight = rows && pitch ? `${rows * pitch - GAP}px` : "none";
  }

  private mark() {
    const pinned = this.choices.get("pinned");
    this.cells.forEach((cell, i) => {
      cell.setAttribute("aria-selected", String(this.data?.uids[i] === pinned));
    });
  }

  private pick(i: number) {
    const uid = this.data?.uids[i];
    if (uid === undefined) return;
    this.go(i);
    if (uid !== this.choices.get("pinned")) this.choices.make("pinned", uid);
  }

  /** Plots on the page show the same sample. */
  private announce(uid: number | undefined) {
    if (uid === this.announced || !this.data) return;
    this.announced = uid;
    tell("sample", { family: this.data.family, uid });
  }

  private go(i: number) {
    this.cells[this.current]?.classList.remove("current");
    this.current = i;
    const cell = this.cells[i];
    cell.classList.add("current");
    this.list.setAttribute("aria-activedescendant", cell.id);
    if (!this.data?.rows) return cell.scrollIntoView({ block: "nearest" });
    // That would scroll the page as well.
    const { frame } = this;
    const top = cell.offsetTop - this.list.offsetTop;
    if (top < frame.scrollTop) frame.scrollTop = top;
    const below = top + cell.offsetHeight + 6 - frame.clientHeight;
    if (below > frame.scrollTop) frame.scrollTop = below;
  }

  private press(event: KeyboardEvent) {
    if (isShortcut(event)) return;
    const abreast = getComputedStyle(this.list).gridTemplateColumns.split(" ").length;
    const edges = { Home: -Infinity, End: Infinity };
    const steps: Record<string, number> = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -abreast,
      ArrowDown: abreast,
      ...edges,
    };
    if (event.key in steps) this.walk(steps[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && this.current >= 0) this.pick(this.current);
    else return;
    event.preventDefault();
    event.stopPropagation(); // Streamlit has keys of its own
  }

  private walk(step: number) {
    const uids = this.data?.uids ?? [];
    const start = this.current < 0 ? uids.indexOf(this.choices.get("pinned")) : this.current;
    const next = start < 0 && Number.isFinite(step) ? 0 : start + step;
    if (next >= this.cells.length && Number.isFinite(step)) this.extend();
    const last = this.cells.length - 1;
    if (last < 0) return;
    this.go(clamp(0, next, last));
    this.announce(uids[this.current]);
  }
}

export default mount(ContactSheet);
