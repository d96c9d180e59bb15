// Which part each sample plays: left out by a filter, receding behind a lassoed set, or in full colour.
export const [OUT, BACK, FULL] = [0, 1, 2];

/** What parts depend on: `groups` (n) and `faded` (n) come with the data, the rest is chosen in the browser. */
export interface Roles {
  groups: Int32Array;
  faded: Uint8Array;
  only: Iterable<number>;
  lassoed: Iterable<number>;
  /** The group that is brought out for the moment. */
  lit: number | null;
}

export class Cast {
  groups = new Int32Array();
  /** What the pointer can reach, (n). */
  free = new Uint8Array();
  part = new Uint8Array();
  /** Parts that occur, and samples from back to front. */
  used: number[] = [];
  order = new Int32Array();

  assign({ groups, faded, only, lassoed, lit }: Roles) {
    const n = groups.length;
    const kept = new Set(only);
    const caught = new Set(lassoed);
    this.groups = groups as Int32Array<ArrayBuffer>;
    this.free = new Uint8Array(n);
    this.part = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      this.free[i] = !faded[i] && (!kept.size || kept.has(groups[i])) ? 1 : 0;
      const shown = lit === null ? this.free[i] : !faded[i] && groups[i] === lit;
      this.part[i] = !shown ? OUT : caught.size && !caught.has(i) ? BACK : FULL;
    }
    this.sort();
  }

  private sort() {
    const { part } = this;
    this.used = [OUT, BACK, FULL].filter((each) => part.includes(each));
    this.order = new Int32Array(part.length);
    let next = 0;
    for (const each of this.used) {
      for (let i = 0; i < part.length; i++) if (part[i] === each) this.order[next++] = i;
    }
  }
}
