// What samples look like: their colours, who is left out or recedes, their pictures, which handles there are.
import { Pictures, warmPictures } from "../points/album";
import { toggleEntry } from "../points/choices";
import type { Coloring } from "../points/geometry";
import { Legend } from "../points/legend";
import { countEntries } from "../points/samples";
import type { GrandTour } from "./grand_tour";
import { listGroups } from "./handles";

const CLASSLESS = "#c3cad1"; // handles of classes that have no colour of their own here

export class Looks {
  colors!: Coloring;
  private lit: number | null = null;
  private pictures = new Pictures(() => this.recast());
  private legend: Legend;

  constructor(private tour: GrandTour) {
    this.legend = new Legend(tour.find(".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => tour.choices.make("only", toggleEntry(tour.choices.get("only"), group)),
      clear: () => tour.choices.make("only", []),
    });
  }

  /** Samples as the page has them now. */
  show() {
    this.lit = null;
    this.recast();
    this.fetchPictures();
  }

  /** The group that the legend brings out for the moment. */
  private light(group: number | null) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  /** Who plays which part, in which colour, has changed. */
  recast() {
    const { tour, lit } = this;
    const { views, samples, choices, data } = tour;
    const moved = data.movement && tour.journey.grade(data.movement);
    this.colors = moved ?? data.coloring;
    const groups = moved?.groups ?? views.map(() => samples.groups);
    const only = this.colors.ends ? [] : choices.get("only");
    const lassoed = choices.get("lassoed");
    views.forEach((view, k) => {
      view.setAlbum(choices.get("pictures") ? this.pictures.album : null);
      view.look(this.colors.entries, { groups: groups[k], faded: samples.faded, only, lassoed, lit });
    });
    this.handle(moved ? null : samples.groups);
    const counted = countEntries(this.colors.entries.length, moved ? groups : groups.slice(0, 1), samples.faded);
    this.legend.show(this.colors, ...counted, only);
    tour.tools.tellCaught(lassoed);
    tour.pointing.describe();
    tour.loop.invalidate();
  }

  /** A class has a colour of its own if all its samples have it. */
  private handle(groups: Int32Array | null) {
    const { views, samples, choices, data } = this.tour;
    const paint = (uids: number[]) => {
      const group = groups?.[uids[0]];
      const alike = groups && group !== undefined && uids.every((uid) => groups[uid] === group);
      return alike ? this.colors.entries[group].color : CLASSLESS;
    };
    const { free } = views[0].cast;
    const { ends, entries } = data.coloring;
    const known = data.classes.length > 0;
    const labels = known ? samples.labels : samples.groups; // without labels, what is coloured by has the handles
    const classes = known || ends ? data.classes : entries.map(({ name }) => name);
    const listed = listGroups({ labels, classes, free, paint, handles: choices.get("handles") });
    for (const view of views) view.show(listed);
  }

  // --- pictures ----------------------------------------------------------------------------------

  fetchPictures() {
    const { data, choices, pointing } = this.tour;
    if (!data) return;
    warmPictures(this.tour.find(".warm"), data.family);
    pointing.describe();
    if (choices.get("pictures")) this.pictures.fetch(data.family);
  }

  drop() {
    this.pictures.drop();
  }
}
