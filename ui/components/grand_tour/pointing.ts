// What lies under the pointer and what is done with it: samples, handles, the line round a set of samples.
import { tell } from "../base/channel";
import { clamp, make } from "../base/elements";
import { followPointer, type Grip, Lasso } from "../points/gestures";
import { describeSample } from "../points/samples";
import type { CloudView } from "./cloud_view";
import { transform } from "./core";
import type { GrandTour } from "./grand_tour";
import { nameGroup } from "./handles";

/** The handle of a group in a view. */
interface Held {
  view: CloudView;
  handle: number;
}

export class Pointing {
  /** The sample under the pointer, -1 where there is none, and the view that says what it is. */
  uid = -1;
  view: CloudView | null = null;
  handle: Held | null = null;
  /** The view that a line is drawn in. */
  drawn: CloudView | null = null;
  readonly lasso: Lasso;

  constructor(private tour: GrandTour) {
    this.lasso = new Lasso(
      () => tour.loop.ask(),
      (line) => this.enclose(line),
    );
  }

  follow(view: CloudView) {
    const { tour } = this;
    followPointer(view.find(".handles"), {
      point: (x, y) => this.at(view, x, y),
      leave: () => {
        this.grasp(null);
        this.hover(-1);
      },
      grip: (x, y, { shiftKey }) => this.grip(view, x, y, shiftKey),
      zoom: (factor, x, y) => {
        if (!view.frame) return;
        tour.use(view);
        tour.zoom.finish();
        tour.zoom.set(tour.zoom.magnify(factor, ...view.unproject(x, y)));
        tour.rest();
        tour.loop.invalidate();
      },
      doubleClick: (x, y) => {
        if (!tour.tools.lassoes && !this.rename(view, x, y)) tour.fit();
      },
    });
  }

  private grip(view: CloudView, x: number, y: number, draws: boolean): Grip | null {
    if (!view.frame) return null;
    this.tour.use(view);
    this.at(view, x, y); // a finger has not been anywhere before
    const grip = this.begin(view, x, y, draws || this.tour.tools.lassoes);
    const move: Grip["move"] = (...to) => {
      this.hover(-1, view);
      return grip.move(...to);
    };
    return { ...grip, move };
  }

  private begin(view: CloudView, x: number, y: number, draws: boolean): Grip {
    const { tour, handle } = this;
    if (draws) {
      this.drawn = view;
      return this.lasso.begin(x, y);
    }
    if (handle) {
      tour.hold(true);
      const release = () => this.release();
      return {
        move: (toX, toY) => this.steer(handle, toX, toY),
        end: release,
        cancel: release,
        stop: () => tour.hold(false),
      };
    }
    let last = [x, y];
    const pan = (toX: number, toY: number) => {
      tour.pan(view, toX - last[0], toY - last[1]);
      last = [toX, toY];
    };
    return { move: pan, end: () => tour.rest(), click: (...at) => this.click(view, ...at) };
  }

  /** A handle comes before a sample. */
  private at(view: CloudView, x: number, y: number) {
    if (!view.ready) return;
    this.tour.zoom.finish();
    const handle = this.tour.handled ? view.rings.hit(x, y) : -1;
    this.grasp(handle < 0 ? null : { view, handle });
    this.hover(handle < 0 ? view.hit(x, y) : -1, view);
  }

  grasp(handle: Held | null) {
    if (handle?.view === this.handle?.view && handle?.handle === this.handle?.handle) return;
    this.handle = handle;
    this.tour.element.classList.toggle("grasping", handle !== null);
    this.tour.loop.ask();
  }

  /** Every view rings the sample; one says what it is. */
  private hover(uid: number, view = this.tour.views[0]) {
    if (uid >= this.tour.count || (uid === this.uid && view === this.view)) return;
    const news = uid !== this.uid;
    Object.assign(this, { uid, view });
    this.tour.element.classList.toggle("over", uid >= 0);
    this.describe();
    this.tour.loop.ask();
    if (news) tell("sample", { family: this.tour.data.family, uid: uid < 0 ? undefined : uid });
  }

  /** From another part of the page. */
  hear(uid: number) {
    if (uid !== this.uid) this.hover(uid);
  }

  /** Other samples. */
  forget() {
    Object.assign(this, { uid: -1, view: null, handle: null });
    this.lasso.drop();
  }

  describe() {
    const { tour, uid, view } = this;
    for (const each of tour.views) if (each !== view || uid < 0) each.tooltip.hide();
    if (uid < 0 || !view?.ready || !view.frame) return;
    const k = tour.views.indexOf(view);
    const about = describeSample(uid, tour.samples, tour.data, tour.predictions[k], tour.data.networks[k].outputs);
    view.tooltip.show(view.place(uid), view.girth, { ...about, color: view.entry(uid).color });
  }

  /** A click on a sample pins it, one beside releases the pinned one. */
  private click(view: CloudView, x: number, y: number) {
    const uid = view.hit(x, y);
    if (uid !== this.tour.choices.get("pinned")) this.tour.choices.make("pinned", uid);
  }

  // --- handles -----------------------------------------------------------------------------------

  /** The handle is held at a place of its view; all views turn with it. */
  private steer({ view, handle }: Held, x: number, y: number) {
    const { course } = this.tour;
    course.drag(transform(view.middle(handle), course.d, course.matrix), ...view.unproject(x, y));
    this.tour.loop.invalidate();
  }

  private release() {
    this.tour.course.release();
    this.tour.rest();
    this.tour.loop.invalidate();
  }

  group() {
    const { choices, handled } = this.tour;
    const [handles, uids] = [choices.get("handles"), choices.get("lassoed")];
    if (!uids.length || handles.length >= 50) return;
    if (!handled) this.tour.toggleHandles();
    choices.make("handles", [...handles, { name: nameGroup(handles), uids }]);
  }

  ungroup() {
    const { choices } = this.tour;
    const handles = choices.get("handles");
    if (handles.length) choices.make("handles", handles.slice(0, -1));
  }

  /** In place; says whether there is a name of the visitor's own. */
  private rename(view: CloudView, x: number, y: number) {
    const handle = this.tour.handled ? view.rings.hitName(x, y) : -1;
    const made = view.groups[handle]?.made ?? -1;
    if (made < 0) return handle >= 0;
    const value = this.tour.choices.get("handles");
    const field = make("input", "rename");
    Object.assign(field, { value: value[made].name, maxLength: 40, ariaLabel: "Name of the group" });
    const spot = view.spots[handle];
    field.style.left = `${clamp(4, spot.x + 8, view.width - 140)}px`;
    field.style.top = `${clamp(4, spot.y - 12, view.height - 28)}px`;
    const end = (name: string) => {
      field.onblur = null;
      field.remove();
      this.tour.box.focus({ preventScroll: true });
      if (!name || name === value[made].name) return;
      this.tour.choices.make(
        "handles",
        value.map((each, i) => (i === made ? { ...each, name } : each)),
      );
    };
    field.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(field.value.trim());
      else if (event.key === "Escape") end("");
    };
    field.onblur = () => end(field.value.trim());
    view.box.append(field);
    field.select();
    return true;
  }

  private enclose(line: number[]) {
    const { choices } = this.tour;
    const caught = this.drawn?.within(line) ?? [];
    if (caught.length || choices.get("lassoed").length) choices.make("lassoed", caught);
  }
}
