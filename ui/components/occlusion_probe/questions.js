// What the server is asked: one question at a time, ten a second at most, each with the last few places.
class Questions {
  constructor(send) {
    this.send = send;
    this.known = new Map();
    this.trail = [];
  }

  // Answers of another picture, class or patch are worth nothing.
  renew(token) {
    if (token === this.token) return;
    this.token = token;
    this.known.clear();
    this.trail = [];
    this.open = false;
  }

  learn(answers) {
    for (const [x, y, probability] of answers) this.known.set(`${x},${y}`, probability);
    this.open = false;
    this.next();
  }

  find(place) {
    return this.known.get(place.join());
  }

  ask(place) {
    this.trail = [...this.trail, place].slice(-PLACES);
    this.next();
  }

  next() {
    const late = this.open && performance.now() - this.sent > PATIENCE;
    if ((this.open && !late) || this.timer) return;
    const places = this.trail.filter((place) => this.find(place) === undefined);
    this.trail = places;
    if (!places.length) return;
    const wait = Math.max(0, GAP - (performance.now() - (this.sent ?? -GAP)));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.open = true;
      this.sent = performance.now();
      this.send({ token: this.token, places: this.trail });
    }, wait);
  }

  stop() {
    clearTimeout(this.timer);
  }
}

const GAP = 100; // milliseconds between questions
const PATIENCE = 4000; // then an answer is taken for lost
const PLACES = 4; // of one question
