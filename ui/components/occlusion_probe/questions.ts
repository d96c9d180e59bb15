// What the server is asked: one question at a time, ten a second at most, each with the last few places.
export type Place = [x: number, y: number];

export interface Question {
  token: string;
  places: Place[];
}

export const GAP = 100; // milliseconds between questions
export const PATIENCE = 4000; // then an answer counts as lost
const PLACES = 4; // of one question

export class Questions {
  private known = new Map<string, number>();
  private trail: Place[] = [];
  private token = "";
  private open = false;
  private sent = -Infinity;
  private timer?: ReturnType<typeof setTimeout>;

  constructor(
    private send: (question: Question) => void,
    private now = () => performance.now(),
  ) {}

  /** Answers of another picture, class or patch are worth nothing. */
  renew(token: string) {
    if (token === this.token) return;
    this.token = token;
    this.known.clear();
    this.trail = [];
    this.open = false;
  }

  learn(answers: [x: number, y: number, probability: number][]) {
    for (const [x, y, probability] of answers) this.known.set(`${x},${y}`, probability);
    this.open = false;
    this.next();
  }

  find(place: Place) {
    return this.known.get(place.join());
  }

  ask(place: Place) {
    this.trail = [...this.trail, place].slice(-PLACES);
    this.next();
  }

  stop() {
    clearTimeout(this.timer);
  }

  private next() {
    const late = this.open && this.now() - this.sent > PATIENCE;
    if ((this.open && !late) || this.timer) return;
    const places = this.trail.filter((place) => this.find(place) === undefined);
    this.trail = places;
    if (!places.length) return;
    const wait = Math.max(0, GAP - (this.now() - this.sent));
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.open = true;
      this.sent = this.now();
      this.send({ token: this.token, places: this.trail });
    }, wait);
  }
}
