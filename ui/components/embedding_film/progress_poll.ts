// Asks how far the work is. What a visitor does must not be overtaken by such a question while the page is busy: of two
// messages from one component it may hear the later one only.
import { PATIENCE } from "../base/choice";
import { Poll } from "../base/poll";

const PAUSES = [150, 250, 400, 600]; // milliseconds between questions; the last goes on
const REPEAT = 800; // milliseconds: an answer that is the same as before is not sent again

export class ProgressPoll {
  private token = "";
  private waits = false;
  private count = 0;
  private poll: Poll;

  constructor(ask: (token: string) => void) {
    this.poll = new Poll(() => ask(this.token));
  }

  /** After each answer; `token` names what is waited for. */
  follow(waits: boolean, token: string) {
    this.poll.stop();
    this.count = waits && this.token === token ? this.count + 1 : 0;
    [this.waits, this.token] = [waits, token];
    if (waits) this.poll.start(PAUSES[Math.min(this.count, PAUSES.length - 1)], REPEAT);
  }

  /** Before a visitor's message: the next question waits for its answer. */
  hold() {
    this.poll.stop();
    if (this.waits) this.poll.start(PATIENCE, REPEAT);
  }

  stop() {
    this.poll.stop();
  }
}
