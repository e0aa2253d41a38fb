/**
 * Whether someone stands before the mirror, from thumbnails alone: no face is sought, nothing is kept but two blurred
 * greys. Pure.
 *
 * Someone *came* when a good part of the middle differs from the empty room and moves, for a while. Someone *left* when
 * the picture is no longer the one they were in and nothing moves. Standing still is not leaving.
 */

const WIDTH = 32;
const HEIGHT = 24;
const DIFFERENT = 0.11; // of the mean brightness: above camera noise, below the contrast of clothes against a wall
const MOVING = 0.05;
const CAME_SHARE = 0.2; // of the middle: someone within two metres; a passer-by behind covers less
const LEFT_SHARE = 0.3;
const STIR_SHARE = 0.03;
const CAME_S = 1.2;
const LEFT_S = 8;
const ROOM_S = 25; // how fast the empty room is learned: light changes, chairs are moved
const PERSON_S = 6;

/** Brightness of each point of an RGBA thumbnail over the mean: blind to exposure. */
function grey(rgba) {
  const values = Float32Array.from({ length: WIDTH * HEIGHT }, (_, index) => {
    const at = index * 4;
    return 0.3 * rgba[at] + 0.59 * rgba[at + 1] + 0.11 * rgba[at + 2] + 4;
  });
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value / mean);
}

/** The share of the middle half of the picture where two greys differ by more than `limit`. */
function share(one, other, limit) {
  let count = 0;
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = WIDTH / 4; x < (WIDTH * 3) / 4; x += 1) {
      count += Math.abs(one[y * WIDTH + x] - other[y * WIDTH + x]) > limit;
    }
  }
  return count / ((WIDTH / 2) * HEIGHT);
}

const toward = (old, now, weight) => old.map((value, index) => value + weight * (now[index] - value));

export class Presence {
  constructor() {
    this.isThere = false;
    this.room = null;
    this.person = null;
    this.last = null;
    this.at = 0;
    this.since = null; // seconds; when what may become a change of mind began
  }

  /**
   * @param {Uint8ClampedArray} rgba 32 x 24 thumbnail.
   * @param {number} at Own clock, seconds.
   * @returns {"came" | "left" | null}
   */
  see(rgba, at) {
    const now = grey(rgba);
    const passed = this.last ? at - this.at : 0;
    const stir = this.last ? share(now, this.last, MOVING) : 0;
    this.last = now;
    this.at = at;
    this.room ??= now;
    return this.isThere ? this.#stays(now, stir, passed, at) : this.#waits(now, stir, passed, at);
  }

  #waits(now, stir, passed, at) {
    this.room = toward(this.room, now, Math.min(1, passed / ROOM_S));
    const isSomeone = share(now, this.room, DIFFERENT) > CAME_SHARE;
    if (isSomeone && stir > STIR_SHARE) this.since ??= at;
    if (!isSomeone) this.since = null;
    if (this.since === null || at - this.since < CAME_S) return null;
    if (stir <= STIR_SHARE) return null; // moved furniture differs, but only people stir
    this.#turn(true);
    this.person = now;
    return "came";
  }

  #stays(now, stir, passed, at) {
    if (stir > STIR_SHARE) {
      this.person = toward(this.person, now, Math.min(1, passed / PERSON_S));
      this.since = null;
      return null;
    }
    if (share(now, this.person, DIFFERENT) < LEFT_SHARE) {
      this.since = null;
      return null;
    }
    this.since ??= at;
    if (at - this.since < LEFT_S) return null;
    this.#turn(false);
    this.room = now;
    return "left";
  }

  #turn(isThere) {
    this.isThere = isThere;
    this.since = null;
  }
}
