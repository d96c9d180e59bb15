// Asks Python again and again, since what is computed there is only told to a page that asks.
export class Poll {
  private timer?: ReturnType<typeof setTimeout>;

  constructor(private ask: () => void) {}

  /** Asks after each of some pauses, in milliseconds; the last one goes on until something else is started. */
  start(...[pause, ...later]: number[]) {
    this.stop();
    this.timer = setTimeout(() => {
      this.ask();
      this.start(...(later.length ? later : [pause]));
    }, pause);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
