/**
 * Sample rate conversion for speech, block by block, without clicks at the joints. Pure.
 *
 * A windowed sinc (Blackman, 16 zero crossings a side) cut at the lower of the two half rates: what 16 kHz cannot hold is
 * gone before it can fold back as a false tone. Its table has 256 steps between samples, read by straight lines.
 */

const CROSSINGS = 16;
const STEPS = 256;

/** Right half of the kernel, `CROSSINGS * STEPS + 2` values, unit area at cut-off 1. */
function kernel() {
  const table = new Float64Array(CROSSINGS * STEPS + 2);
  for (let index = 0; index < CROSSINGS * STEPS; index += 1) {
    const x = index / STEPS;
    const phase = Math.PI * (x / CROSSINGS + 1);
    const window = 0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
    table[index] = window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  }
  return table;
}

export class Resampler {
  /**
   * @param {number} fromHz Rate of what comes in.
   * @param {number} toHz Rate of what goes out.
   */
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    this.cut = Math.min(1, toHz / fromHz) * (toHz < fromHz ? 0.95 : 1);
    this.reach = Math.ceil(CROSSINGS / this.cut);
    this.table = kernel();
    this.held = new Float32Array(this.reach); // silence before the first sample
    this.next = this.reach; // where in `held` the next output sample is centred
  }

  /** How long after a sample came in it can go out, in samples of the input. */
  get delay() {
    return this.reach;
  }

  /**
   * @param {Float32Array} block Any length, -1..1, at the input rate.
   * @returns {Float32Array} What can be said by now, at the output rate.
   */
  push(block) {
    const input = new Float32Array(this.held.length + block.length);
    input.set(this.held);
    input.set(block, this.held.length);
    const last = input.length - this.reach - 1;
    const output = new Float32Array(Math.max(0, Math.floor((last - this.next) / this.step) + 1));
    for (let index = 0; index < output.length; index += 1, this.next += this.step) {
      output[index] = this.#at(input, this.next);
    }
    const drop = Math.max(0, Math.floor(this.next) - this.reach);
    this.held = input.slice(drop);
    this.next -= drop;
    return output;
  }

  #at(input, centre) {
    const first = Math.max(0, Math.ceil(centre - this.reach));
    const last = Math.min(input.length - 1, Math.floor(centre + this.reach));
    let sum = 0;
    for (let index = first; index <= last; index += 1) {
      const place = Math.min(Math.abs(index - centre) * this.cut, CROSSINGS) * STEPS;
      const whole = Math.floor(place);
      const value = this.table[whole] + (place - whole) * (this.table[whole + 1] - this.table[whole]);
      sum += input[index] * value;
    }
    return sum * this.cut;
  }
}
