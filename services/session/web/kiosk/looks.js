/** How the glass looks in each state of the visit, and how it gets from one to the next. Pure. */

/**
 * @typedef {object} Look
 * @property {number} light 0..1: how bright the picture stands in the black glass.
 * @property {number} clarity 0..1: from breath on glass to sharp.
 * @property {number | null} copy 0: the visitor's reflection, 1: the copy; null: whichever is there.
 * @property {number} breath 0..1: the slow light that lives in the empty glass.
 * @property {number} seconds How long it takes to become so.
 */

/** @type {Record<string, Look>} */
export const LOOKS = {
  attract: { light: 0.2, clarity: 0.1, copy: 0, breath: 1, seconds: 3 },
  consent: { light: 0.5, clarity: 0.5, copy: 0, breath: 0.6, seconds: 4 },
  mirror: { light: 1, clarity: 1, copy: 0, breath: 0, seconds: 3 },
  crossing: { light: 1, clarity: 1, copy: 1, breath: 0, seconds: 4 },
  copy: { light: 1, clarity: 1, copy: 1, breath: 0, seconds: 2 },
  farewell: { light: 0.62, clarity: 0.55, copy: null, breath: 0.3, seconds: 9 },
  dark: { light: 0, clarity: 0.1, copy: null, breath: 0.35, seconds: 5 },
};

/** A value on its way, slow at both ends. */
export class Way {
  constructor(value) {
    this.from = value;
    this.to = value;
    this.start = 0;
    this.seconds = 0;
  }

  /** Set out for `to` at `now`, from wherever it is. Times in seconds. */
  toward(to, now, seconds) {
    if (to === this.to) return;
    this.from = this.at(now);
    this.to = to;
    this.start = now;
    this.seconds = seconds;
  }

  at(now) {
    const part = this.seconds > 0 ? Math.min(1, Math.max(0, (now - this.start) / this.seconds)) : 1;
    return this.from + (this.to - this.from) * part * part * (3 - 2 * part);
  }

  isOver(now) {
    return now - this.start >= this.seconds;
  }
}

/** The glass on its way between looks. */
export class Appearance {
  constructor() {
    this.look = "dark";
    this.light = new Way(0);
    this.clarity = new Way(0.1);
    this.copy = new Way(0);
    this.breath = new Way(0);
  }

  /**
   * @param {string} name A key of LOOKS; one we do not know changes nothing.
   * @param {number} now Seconds.
   * @param {number} crossingS How long the crossing takes.
   */
  become(name, now, crossingS) {
    const look = LOOKS[name];
    if (!look) return;
    this.look = name;
    const seconds = name === "crossing" ? crossingS : look.seconds;
    this.light.toward(look.light, now, look.seconds);
    this.clarity.toward(look.clarity, now, look.seconds);
    this.breath.toward(look.breath, now, look.seconds);
    if (look.copy !== null) this.wanted = { copy: look.copy, seconds };
  }

  /** Fall dark at once, softly; the copy is not seen again after `seconds`. */
  fade(now, seconds) {
    this.light.toward(0, now, seconds);
    this.wanted = null;
  }

  /** The copy is gone: what is painted next is the reflection. */
  forget() {
    this.copy = new Way(0);
  }

  /** What to paint now. The copy is only crossed into once it `isAwake`: until then the reflection stays. */
  at(now, isAwake) {
    if (this.wanted && (this.wanted.copy === 0 || isAwake)) {
      this.copy.toward(this.wanted.copy, now, this.wanted.seconds);
      this.wanted = null;
    }
    return {
      light: this.light.at(now),
      clarity: this.clarity.at(now),
      copy: this.copy.at(now),
      breath: this.breath.at(now),
      isMoving: !(this.light.isOver(now) && this.clarity.isOver(now) && this.copy.isOver(now)),
    };
  }
}
