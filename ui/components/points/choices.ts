// What the visitor chooses on a plot: shown at once, sent to the page, confirmed by it. A trigger has the name of the
// value that it changes.
import { Choice } from "../base/choice";
import type { Send } from "../base/component";

/** What can be chosen on every plot of samples. */
export interface PlotChoices {
  /** -1 for none. */
  pinned: number;
  /** Legend entries that are kept, rising; none for all. */
  only: number[];
  lassoed: number[];
  pictures: boolean;
}
export const NOTHING_CHOSEN: PlotChoices = { pinned: -1, only: [], lassoed: [], pictures: false };

export class Choices<Values extends object> {
  private each: { [Name in keyof Values]: Choice<Values[Name]> };

  constructor(
    start: Values,
    private send: Send<Values>,
    private redraw: () => void,
  ) {
    const made = Object.entries(start).map(([name, value]) => [name, new Choice(value, redraw)]);
    this.each = Object.fromEntries(made);
  }

  get<Name extends keyof Values>(name: Name): Values[Name] {
    return this.each[name].value;
  }

  make<Name extends keyof Values & string>(name: Name, value: Values[Name]) {
    this.each[name].make(value);
    this.send(name, value);
    this.redraw();
  }

  /** What the page says; `another` where it speaks of other samples than before. */
  confirm(values: Values, another: boolean) {
    for (const name in this.each) this.each[name].confirm(values[name], another);
  }

  stop() {
    for (const name in this.each) this.each[name].stop();
  }
}

/** A legend entry is kept, or kept no more; rising. */
export const toggleEntry = (only: number[], group: number) =>
  (only.includes(group) ? only.filter((each) => each !== group) : [...only, group]).sort((a, b) => a - b);
