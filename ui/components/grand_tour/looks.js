// What samples look like: their colours, who is left out or recedes, their pictures, which handles there are.
const CLASSLESS = "#c3cad1"; // handles of classes that have no colour of their own here

class Looks {
  constructor(tour) {
    Object.assign(this, { tour, lit: null, album: null });
    this.legend = new Legend(tour.find(".legend"), {
      light: (group) => this.light(group),
      toggle: (group) => this.keep(group),
      clear: () => tour.choose("only", []),
    });
  }

  // The group that the legend brings out for the moment.
  light(group) {
    if (group === this.lit) return;
    this.lit = group;
    this.recast();
  }

  keep(group) {
    const only = this.tour.choices.only.value;
    const next = only.includes(group) ? only.filter((each) => each !== group) : [...only, group];
    this.tour.choose("only", next.sort((a, b) => a - b));
  }

  // Who plays which part, in which colour, has changed.
  recast() {
    const { tour } = this;
    const { views, columns, choices, data } = tour;
    const moved = data.movement && tour.journey.grade(data.movement);
    this.colors = moved ? { title: moved.title, entries: moved.entries, ends: moved.ends } : data.coloring;
    const groups = moved?.groups ?? views.map(() => columns.groups);
    const only = this.colors.ends ? [] : choices.only.value;
    const { lit } = this;
    views.forEach((view, k) => {
      view.setAlbum(choices.pictures.value ? this.album : null);
      view.look(this.colors.entries, { groups: groups[k], faded: columns.faded, only, lassoed: choices.lassoed.value, lit });
    });
    this.handle(moved ? null : columns.groups);
    this.count(moved ? groups : groups.slice(0, 1), only);
    const caught = choices.lassoed.value.length;
    tour.find(".caught").hidden = !caught;
    tour.find(".caught span").textContent = caught === 1 ? "1 sample" : `${caught} samples`;
    tour.pointing.describe();
    tour.loop.invalidate();
  }

  // A class has a colour of its own if all its samples have it.
  handle(groups) {
    const { views, columns, choices, data } = this.tour;
    const paint = (uids) => {
      const group = groups?.[uids[0]];
      return groups && uids.every((uid) => groups[uid] === group) ? this.colors.entries[group].color : CLASSLESS;
    };
    const { free } = views[0].cast;
    const { labels } = columns;
    const listed = listGroups({ labels, classes: data.classes, free, paint, handles: choices.handles.value });
    for (const view of views) view.show(listed);
  }

  count(groups, only) {
    const { faded } = this.tour.columns;
    const totals = this.colors.entries.map(() => 0);
    const counts = this.colors.entries.map(() => 0);
    for (const each of groups) {
      each.forEach((group, i) => {
        totals[group]++;
        counts[group] += faded[i] ? 0 : 1;
      });
    }
    this.legend.show(this.colors, totals, counts, only);
  }

  // --- pictures ----------------------------------------------------------------------------------

  fetchPictures() {
    const { data } = this.tour;
    if (!data) return;
    const sheet = window.layerscopeThumbnails;
    const there = sheet?.family === data.family;
    this.tour.find(".warm").style.backgroundImage = there ? `url(${sheet.url})` : "none";
    this.tour.pointing.describe();
    this.fetchAlbum();
  }

  // As pixels, when they are wanted for the first time; until then there are points.
  async fetchAlbum() {
    const { family } = this.tour.data;
    if (!this.tour.choices.pictures.value || this.album || this.fetching === family) return;
    this.fetching = family;
    const album = await Album.open(family);
    this.fetching = null;
    if (this.tour.data.family !== family) return album?.close();
    this.album = album;
    this.recast();
  }

  drop() {
    this.album?.close();
    this.album = null;
  }
}
