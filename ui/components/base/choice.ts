// A value that is changed here, shown at once, and confirmed by the page a moment later. An answer to an earlier change
// must not take back a later one.
export const PATIENCE = 10_000; // milliseconds after which the page is right if it disagrees

export class Choice<Value> {
  value: Value;
  private told: Value;
  private sent: string[] = [];
  private timer?: ReturnType<typeof setTimeout>;

  constructor(
    value: Value,
    private redraw: () => void,
  ) {
    this.value = this.told = value;
  }

  make(value: Value) {
    this.value = value;
    this.sent.push(JSON.stringify(value));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.settle();
      this.redraw();
    }, PATIENCE);
  }

  /** What the page says; `another` where it speaks of other samples than before. */
  confirm(value: Value, another: boolean) {
    const text = JSON.stringify(value);
    const news = another || text !== JSON.stringify(this.told);
    this.told = value;
    if (!news && this.sent.length) return;
    const answered = another ? -1 : this.sent.indexOf(text);
    this.sent = answered < 0 ? [] : this.sent.slice(answered + 1);
    if (!this.sent.length) this.settle();
  }

  /** Whether an answer of the page is awaited. */
  get pending() {
    return this.sent.length > 0;
  }

  stop() {
    clearTimeout(this.timer);
  }

  private settle() {
    this.stop();
    this.sent = [];
    this.value = this.told;
  }
}
