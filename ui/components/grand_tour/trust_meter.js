// How far a view can be trusted, measured a little at a time: no frame waits for it.
const METER = { neighbors: 10, every: 334, slice: 6, least: 4, moving: 200, resting: 1000 }; // milliseconds, anchors

class TrustMeter {
  // tell(value, about) hears of each result; about: not all samples were measured at.
  constructor(tell) {
    Object.assign(this, { tell, cost: null, last: -Infinity, measured: null });
  }

  // While the view moves: at few anchors, three times a second. `take` gives { X, d, seen }.
  glance(now, take) {
    this.stop();
    this.measured = null;
    if (now - this.last < METER.every) return;
    this.last = now;
    const cloud = take();
    const n = cloud.seen.length / 2;
    const count = Math.min(METER.moving, this.afford(n));
    this.tell(this.measure(cloud, chooseAnchors(n, count)), count < n);
  }

  // At rest: in slices, once for what is seen.
  settle(take) {
    const cloud = take();
    if (this.measured === cloud.seen) return;
    this.stop();
    this.measured = cloud.seen;
    const n = cloud.seen.length / 2;
    const anchors = chooseAnchors(n, METER.resting);
    let [from, sum] = [0, 0];
    const slice = () => {
      const part = anchors.subarray(from, from + this.afford(n));
      sum += part.length * this.measure(cloud, part);
      from += part.length;
      if (from < anchors.length) this.timer = setTimeout(slice, 16);
      else this.tell(sum / anchors.length, anchors.length < n);
    };
    this.timer = setTimeout(slice, 16);
  }

  // How many anchors fit into a slice, by what the last ones have cost.
  afford(n) {
    return Math.max(METER.least, Math.floor(METER.slice / (this.cost ?? n / 5000)));
  }

  measure({ X, d, seen }, anchors) {
    const began = performance.now();
    const value = measureTrust(X, d, seen, METER.neighbors, anchors);
    const cost = (performance.now() - began) / anchors.length;
    this.cost = this.cost === null ? cost : 0.7 * this.cost + 0.3 * cost;
    return value;
  }

  stop() {
    clearTimeout(this.timer);
  }
}
