/** How finely a machine can afford to paint. Pure: told how long frames take, says what to leave out. */

/** Most pixels of the canvas, from the best: beyond 1.3 million no one sees more of a 640 x 480 face. */
export const LEVELS = [1_300_000, 800_000, 450_000, 250_000];

const SLOW_MS = 42; // the copy comes 25 times a second: slower than that drops pictures
const COUNT = 60;
const STALL_MS = 500; // a hidden page, a sleeping machine: says nothing about painting

export class Fidelity {
  constructor() {
    this.index = 0;
    this.spent = [];
  }

  /** Most pixels of the canvas. */
  get pixels() {
    return LEVELS[this.index];
  }

  /**
   * @param {number} ms From one painting to the next, while painting as often as the machine can.
   * @returns {boolean} Whether the level fell. It does not rise again: a picture that changes its sharpness is noticed.
   */
  spend(ms) {
    if (ms > STALL_MS) return false;
    this.spent.push(ms);
    if (this.spent.length < COUNT) return false;
    const mean = this.spent.reduce((sum, one) => sum + one, 0) / this.spent.length;
    this.spent = [];
    if (mean <= SLOW_MS || this.index === LEVELS.length - 1) return false;
    this.index += 1;
    return true;
  }
}
