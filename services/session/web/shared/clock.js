/**
 * The host's clock, seen from here. Pure.
 *
 * A question sent at `sent` and answered at `received` (own clock) with the host's time `host` says: the offset is
 * `host - (sent + received) / 2`, give or take half the round trip. Questions that came back quickest say it best, so
 * only those are believed; a line through them follows the slow drift between two quartz clocks.
 */

const WINDOW_S = 60; // long enough to see drift, short enough that a bad minute is forgotten
const KEPT = 64;
const MAX_DRIFT = 5e-4; // 500 ppm: twice what the worst quartz does; more is noise
const SPAN_FOR_DRIFT_S = 10; // below it a line through answers 1 ms apart would tilt by chance
const SLACK_S = 0.0005; // timer resolution of browsers

/** @typedef {{at: number, offset: number, trip: number}} Answer Seconds: own clock, host minus own, round trip. */

/** Straight line through answers, pulled toward a level one. Offsets in seconds, drift in seconds per second. */
function fit(answers) {
  const mean = (pick) => answers.reduce((sum, one) => sum + pick(one), 0) / answers.length;
  const at = mean((one) => one.at);
  const offset = mean((one) => one.offset);
  const span = answers.at(-1).at - answers[0].at;
  if (answers.length < 4 || span < SPAN_FOR_DRIFT_S) return { at, offset, drift: 0 };
  const spread = mean((one) => (one.at - at) ** 2);
  const drift = mean((one) => (one.at - at) * (one.offset - offset)) / spread;
  return { at, offset, drift: Math.max(-MAX_DRIFT, Math.min(MAX_DRIFT, drift)) };
}

/** Own clock to host clock and back. All times in seconds. */
export class HostClock {
  constructor() {
    /** @type {Answer[]} */
    this.answers = [];
    this.line = null;
    this.jumps = 0;
  }

  /** Whether at least one answer came. */
  get isSet() {
    return this.line !== null;
  }

  /** Quickest round trip in the window, seconds; the offset is wrong by at most half of it. */
  get trip() {
    return Math.min(...this.answers.map((one) => one.trip));
  }

  /** One answered question. Times that cannot be (an answer before its question) are ignored. */
  add(sent, host, received) {
    const trip = received - sent;
    if (!(trip >= 0) || !Number.isFinite(host)) return;
    const answer = { at: (sent + received) / 2, offset: host - (sent + received) / 2, trip };
    if (this.line && this.#disagrees(answer)) {
      this.answers = []; // the host's clock began anew (a restart), or this machine slept
      this.jumps += 1;
    }
    this.answers = [...this.answers, answer].filter((one) => answer.at - one.at <= WINDOW_S).slice(-KEPT);
    const quick = this.trip * 1.5 + SLACK_S;
    this.line = fit(this.answers.filter((one) => one.trip <= quick));
  }

  /** The host's clock when our own says `own`. */
  toHost(own) {
    const { at, offset, drift } = this.line;
    return own + offset + (own - at) * drift;
  }

  /** Our own clock when the host's says `host`. */
  toOwn(host) {
    const { at, offset, drift } = this.line;
    return (host - offset + at * drift) / (1 + drift);
  }

  /** No slow drift explains this answer: even half its round trip plus ours is too little. */
  #disagrees(answer) {
    const apart = Math.abs(this.toHost(answer.at) - answer.at - answer.offset);
    return apart > (answer.trip + this.trip) / 2 + WINDOW_S * MAX_DRIFT;
  }
}
