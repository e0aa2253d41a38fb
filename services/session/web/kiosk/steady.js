/** Steady readings out of jittery ones. Pure. */

/** The middle of the last readings: blind to outliers, follows a true change within half its memory. */
export class Median {
  /** @param {number} memory How many readings are kept. */
  constructor(memory) {
    this.memory = memory;
    this.readings = [];
  }

  get isSet() {
    return this.readings.length > 0;
  }

  add(reading) {
    this.readings = [...this.readings, reading].slice(-this.memory);
  }

  get value() {
    return [...this.readings].sort((a, b) => a - b)[this.readings.length >> 1];
  }
}

/** The least of the last readings: for delays, whose least is the truth and whose rest is waiting. */
export class Least {
  constructor(memory) {
    this.memory = memory;
    this.readings = [];
  }

  add(reading) {
    this.readings = [...this.readings, reading].slice(-this.memory);
    return Math.min(...this.readings);
  }
}
