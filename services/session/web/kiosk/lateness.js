/**
 * Whether a picture has missed its sound. Pure.
 *
 * Lips that come more than 45 ms after their sound are seen to. Pictures that come so late after one that did not met a
 * hiccup of the machine; up to three are left out, for one that is in time comes within a tenth of a second. If the next is
 * late too, the machine is slow, and a picture that is late is better than none. `rig/glass.py` does the same.
 */

const FORGIVEN_S = 0.045 - 1 / 60; // it is painted up to one painting after it came
const LEFT_OUT = 3;

export class Lateness {
  constructor() {
    this.row = 0; // late pictures since the last one that was in time
  }

  /**
   * @param {number} dueAt When the pose in the picture is due at the glass; 0: nobody knows.
   * @param {number} now The same clock, seconds.
   * @returns {boolean} Whether to leave it out.
   */
  leavesOut(dueAt, now) {
    const isLate = dueAt > 0 && now - dueAt > FORGIVEN_S;
    this.row = isLate ? this.row + 1 : 0;
    return isLate && this.row <= LEFT_OUT;
  }
}
