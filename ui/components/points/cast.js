// Who plays which part: left out by a filter, receding behind a lassoed set, or in full colour.
const [OUT, BACK, FULL] = [0, 1, 2];

class Cast {
  // `groups` (n) and `faded` (n) come with the data; the rest is chosen in the browser.
  assign({ groups, faded, only, lassoed, lit }) {
    const n = groups.length;
    const kept = new Set(only);
    const caught = new Set(lassoed);
    this.groups = groups;
    this.free = new Uint8Array(n); // what the pointer can reach
    this.part = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      this.free[i] = !faded[i] && (!kept.size || kept.has(groups[i])) ? 1 : 0;
      const shown = lit === null ? this.free[i] : !faded[i] && groups[i] === lit;
      this.part[i] = !shown ? OUT : caught.size && !caught.has(i) ? BACK : FULL;
    }
    this.sort();
  }

  // From back to front.
  sort() {
    const { part } = this;
    this.used = [OUT, BACK, FULL].filter((each) => part.includes(each));
    this.order = new Int32Array(part.length);
    let next = 0;
    for (const each of this.used) {
      for (let i = 0; i < part.length; i++) if (part[i] === each) this.order[next++] = i;
    }
  }
}
