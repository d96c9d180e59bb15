// Frames, as long as something moves. `dataset` of the tour's element says what they have come to.
import type { GrandTour } from "./grand_tour";

const PACE_OF_PLAY = 60 / 1000; // steps a millisecond, at the speed of 1
const LONGEST_FRAME = 100; // milliseconds that count, however long the page was busy

export class Loop {
  /** Whether samples have set out since the last frame. */
  setOut = false;
  private frames = 0;
  private last: number | null = null;
  private stale = true;
  private frame: number | null = null;

  constructor(private tour: GrandTour) {}

  /** Another frame of everything. */
  invalidate() {
    this.stale = true;
    this.ask();
  }

  /** One of what lies above the samples, if these are as they were. */
  ask() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      const now = performance.now();
      if (this.stale) this.redraw(now);
      else this.mark();
    });
  }

  redraw(now: number) {
    this.stale = false;
    const { tour } = this;
    const { course, zoom } = tour;
    const views = tour.views.filter((view) => view.ready);
    if (views[0]?.cloud) course.prepare(views[0].cloud.d);
    const plays = tour.playing && !tour.held && views.length > 0;
    if (plays) course.go(course.step + tour.speed * PACE_OF_PLAY * Math.min(LONGEST_FRAME, now - (this.last ?? now)));
    this.last = plays ? now : null;
    const moves = [...views.map((view) => view.advance(now)), zoom.step(now), plays].includes(true);
    for (const view of views) view.draw(course.matrix, zoom);
    this.mark();
    this.report(views.length > 0);
    for (const view of views) view.gauge(now, moves || tour.held);
    if (moves) this.invalidate();
  }

  /** What lies above the samples, and the controls. */
  private mark() {
    const { tour } = this;
    const { course, pointing, choices, journey } = tour;
    const pinned = choices.get("pinned") < tour.count ? choices.get("pinned") : -1;
    for (const view of tour.views.filter((each) => each.ready)) {
      view.mark({
        pinned,
        hovered: pointing.uid,
        told: pointing.uid >= 0 && pointing.view === view,
        line: pointing.drawn === view ? pointing.lasso.line : [],
        handles: tour.handled,
        active: pointing.handle?.view === view ? pointing.handle.handle : -1,
      });
    }
    tour.tracks.forEach((track, k) => track.mark(journey.place(k)));
    tour.timeline.show({
      playing: tour.playing,
      walking: journey.walk !== null,
      step: course.step,
      reached: course.reached,
      speed: tour.speed,
      seed: course.seed,
      drags: course.drags.map(({ step }) => step),
      pictures: choices.get("pictures"),
      handles: tour.handled,
      aligned: tour.views.length > 1 ? choices.get("aligned") : null,
    });
    tour.tools.tellMoved(tour.zoom.text !== "");
  }

  private report(drawn: boolean) {
    const { tour } = this;
    const { dataset } = tour.element;
    if (drawn) dataset.frames = String(++this.frames);
    if (drawn && this.setOut) dataset.moved = String(performance.now());
    this.setOut = this.setOut && !drawn;
    dataset.layers = tour.views.map(({ key }) => key ?? "").join(" ");
    dataset.step = String(tour.course.step);
    dataset.playing = String(tour.playing);
  }

  stop() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
  }
}
