// What lies under the pointer and what is done with it: samples, handles, the line round a set of samples.
class Pointing {
  constructor(tour) {
    Object.assign(this, { tour, uid: -1, view: null, handle: null, tool: null, line: [], drawn: null });
  }

  // A handle comes before a sample.
  at(view, x, y) {
    if (!view.ready) return;
    this.tour.zoom.finish();
    const handle = this.tour.handled ? view.rings.hit(x, y) : -1;
    this.grasp(handle < 0 ? null : { view, handle });
    this.hover(handle < 0 ? view.hit(x, y) : -1, view);
  }

  grasp(handle) {
    if (handle?.view === this.handle?.view && handle?.handle === this.handle?.handle) return;
    this.handle = handle;
    this.tour.element.classList.toggle("grasping", handle !== null);
    this.tour.loop.ask();
  }

  // Every view rings the sample; one says what it is.
  hover(uid, view = this.tour.views[0]) {
    if (uid >= this.tour.count || (uid === this.uid && view === this.view)) return;
    const news = uid !== this.uid;
    Object.assign(this, { uid, view });
    this.tour.element.classList.toggle("over", uid >= 0);
    this.describe();
    this.tour.loop.ask();
    const detail = { family: this.tour.data.family, uid: uid < 0 ? undefined : uid };
    if (news) dispatchEvent(new CustomEvent("layerscope:sample", { detail }));
  }

  // From another part of the page.
  hear(uid) {
    if (uid !== this.uid) this.hover(uid);
  }

  // Other samples.
  forget() {
    Object.assign(this, { uid: -1, view: null, handle: null, line: [], drawn: null });
  }

  leave() {
    this.grasp(null);
    this.hover(-1);
  }

  describe() {
    const { tour, uid } = this;
    for (const view of tour.views) if (view !== this.view || uid < 0) view.tooltip.hide();
    if (uid < 0 || !this.view.ready || !this.view.frame) return;
    const k = tour.views.indexOf(this.view);
    const { labels } = tour.columns;
    const [predicted, correct, confidence] = ["predicted", "correct", "confidence"].map((name) => tour.columns[name + k]);
    this.view.tooltip.show(this.view.place(uid), this.view.girth, {
      uid,
      family: tour.data.family,
      color: this.view.entry(uid).color,
      true: tour.data.classes[labels[uid]],
      predicted: tour.data.networks[k].outputs[predicted[uid]],
      correct: correct[uid],
      confidence: confidence[uid],
    });
  }

  // A click on a sample pins it, one beside releases the pinned one.
  click(view, x, y) {
    const uid = view.hit(x, y);
    if (uid !== this.tour.choices.pinned.value) this.tour.choose("pinned", uid);
  }

  // --- handles -----------------------------------------------------------------------------------

  // The handle is held at a place of its view; all views turn with it.
  steer({ view, handle }, x, y) {
    const { course } = this.tour;
    const p0 = transform(view.middle(handle), course.d, compose(course.d, turnTour(course.plan, course.step), course.post));
    course.drag(p0, ...view.unproject(x, y));
    this.tour.loop.invalidate();
  }

  release() {
    this.tour.course.release();
    this.tour.rest();
    this.tour.loop.invalidate();
  }

  group() {
    const { handles, lassoed } = this.tour.choices;
    if (!lassoed.value.length || handles.value.length >= 50) return;
    if (!this.tour.handled) this.tour.toggleHandles();
    this.tour.choose("handles", [...handles.value, { name: nameGroup(handles.value), uids: lassoed.value }]);
  }

  ungroup() {
    const { handles } = this.tour.choices;
    if (handles.value.length) this.tour.choose("handles", handles.value.slice(0, -1));
  }

  // In place; says whether there is a name of the visitor's own.
  rename(view, x, y) {
    const handle = this.tour.handled ? view.rings.hitName(x, y) : -1;
    const made = view.groups[handle]?.made ?? -1;
    if (made < 0) return handle >= 0;
    const { value } = this.tour.choices.handles;
    const field = make("input", "rename");
    Object.assign(field, { value: value[made].name, maxLength: 40, ariaLabel: "Name of the group" });
    const spot = view.spots[handle];
    field.style.left = `${clamp(4, spot.x + 8, view.width - 140)}px`;
    field.style.top = `${clamp(4, spot.y - 12, view.height - 28)}px`;
    const end = (name) => {
      field.onblur = null;
      field.remove();
      this.tour.box.focus({ preventScroll: true });
      if (!name || name === value[made].name) return;
      this.tour.choose("handles", value.map((each, i) => (i === made ? { ...each, name } : each)));
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

  // --- a line round samples ----------------------------------------------------------------------

  toggleLasso() {
    this.tool = this.tool ? null : "lasso";
    this.tour.find(".tools .lasso").setAttribute("aria-pressed", String(this.tool === "lasso"));
    this.tour.element.classList.toggle("lassoing", this.tool === "lasso");
  }

  draw(view, places) {
    this.drawn = view;
    this.line.push(...places);
    this.tour.loop.ask();
  }

  enclose() {
    const caught = this.drawn.within(this.line);
    this.drop();
    if (caught.length || this.tour.choices.lassoed.value.length) this.tour.choose("lassoed", caught);
  }

  drop() {
    Object.assign(this, { line: [], drawn: null });
    this.tour.loop.ask();
  }
}
