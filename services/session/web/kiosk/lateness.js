/**
 * Whether a picture has missed its sound. Pure.
 *
 * Lips that come more than 45 ms after their sound are seen to. A picture that comes so late after one that did not met a
 * hiccup of the machine; it is left out, for the next is a thirtieth of a second away and in time. If the next is late
 * too, the machine is slow, and a picture that is late is better than none. `rig/glass.py` does the same.
 */

const FORGIVEN_S = 0.045 - 1 / 60; // it is painted up to one painting after it came

export class Lateness {
  constructor() {
    this.isLate = false;
  }

  /**
   * @param {number} dueAt When the pose in the picture is due at the glass; 0: nobody knows.
   * @param {number} now The same clock, seconds.
   * @returns {boolean} Whether to leave it out.
   */
  leavesOut(dueAt, now) {
    const wasLate = this.isLate;
    this.isLate = dueAt > 0 && now - dueAt > FORGIVEN_S;
    return this.isLate && !wasLate;
  }
}
