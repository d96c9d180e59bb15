// A value that is changed here, shown at once, and confirmed by the page a moment later. An answer to
// an earlier change must not take back a later one.
const PATIENCE = 10_000; // milliseconds after which the page is right if it disagrees

class Choice {
  constructor(value, redraw) {
    this.value = this.told = value;
    this.sent = [];
    this.redraw = redraw;
  }

  make(value) {
    this.value = value;
    this.sent.push(JSON.stringify(value));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.settle();
      this.redraw();
    }, PATIENCE);
  }

  // What the page says; `another` where it speaks of other samples than before.
  confirm(value, another) {
    const text = JSON.stringify(value);
    const news = another || text !== JSON.stringify(this.told);
    this.told = value;
    if (!news && this.sent.length) return;
    const answered = another ? -1 : this.sent.indexOf(text);
    this.sent = answered < 0 ? [] : this.sent.slice(answered + 1);
    if (!this.sent.length) this.settle();
  }

  settle() {
    this.stop();
    this.sent = [];
    this.value = this.told;
  }

  stop() {
    clearTimeout(this.timer);
  }
}
