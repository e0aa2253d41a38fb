/** Pieces of the mirror's speech laid on the loudspeaker's frames. Pure. */

const MOST = 0.005; // a piece is laid at most this much longer or shorter: inaudible in speech
const DEAD_BAND = 48; // frames (2 ms): less is the jitter of our own clock reading

/**
 * @typedef {object} Piece
 * @property {number} turn
 * @property {number} from First sample of the turn's speech in it.
 * @property {number} samples How many samples of the turn it holds.
 * @property {Float32Array} frames What sounds, -1..1; its length differs from `samples` where clocks drift.
 * @property {number} at Loudspeaker frame at which it begins.
 * @property {boolean} isFresh Silence comes before it: fade in.
 * @property {boolean} isLast The turn's speech ends with it.
 * @property {string} then What follows it beyond the ordinary: "" or "hold" or "cut".
 */

/**
 * @param {Float32Array} samples
 * @param {number} error Frames by which the next piece would otherwise come too early (> 0) or too late (< 0).
 * @returns {Float32Array} The samples, stretched toward the error.
 */
export function stretched(samples, error) {
  if (Math.abs(error) < DEAD_BAND || samples.length < 2) return samples;
  const most = Math.floor(samples.length * MOST);
  const length = samples.length + Math.max(-most, Math.min(most, Math.round(error)));
  const step = (samples.length - 1) / (length - 1);
  return Float32Array.from({ length }, (_, index) => {
    const place = index * step;
    const whole = Math.min(Math.floor(place), samples.length - 2);
    return samples[whole] + (place - whole) * (samples[whole + 1] - samples[whole]);
  });
}

/**
 * @param {Piece} piece @param {number} count Frames in the first part, 0 < count < the piece's frames.
 * @returns {[Piece, Piece]} The same sound in two pieces.
 */
export function split(piece, count) {
  const samples = Math.round((piece.samples * count) / piece.frames.length);
  const first = { ...piece, samples, frames: piece.frames.subarray(0, count), isLast: false, then: "" };
  const rest = {
    ...piece,
    from: piece.from + samples,
    samples: piece.samples - samples,
    frames: piece.frames.subarray(count),
    at: piece.at + count,
    isFresh: false,
  };
  return [first, rest];
}

/** The piece up to sample `from` of its turn; null if nothing is left. */
export function before(piece, from) {
  const count = Math.round(((from - piece.from) * piece.frames.length) / piece.samples);
  if (count >= piece.frames.length) return piece;
  return count > 0 ? split(piece, count)[0] : null;
}

/** The piece, falling from `high` to `low` (gains). */
export function fading(piece, high, low) {
  const slope = (low - high) / piece.frames.length;
  return { ...piece, frames: piece.frames.map((value, index) => value * (high + slope * (index + 1))) };
}

/**
 * Let a turn's sound fall to nothing.
 *
 * @param {Piece[]} queue Begins with what sounds next.
 * @param {number} turn Only pieces of this turn are taken.
 * @param {number} length Frames until silence.
 * @param {string} then What follows the silence.
 * @returns {[Piece[], Piece[]]} What still sounds, falling; and what is left of the queue.
 */
export function fadedOut(queue, turn, length, then) {
  const falling = [];
  const rest = [...queue];
  let left = length;
  while (left > 0 && rest[0]?.turn === turn) {
    const piece = rest.shift();
    const [now, later] = piece.frames.length > left ? split(piece, left) : [piece, null];
    if (later) rest.unshift({ ...later, isFresh: true });
    falling.push(fading(now, left / length, (left - now.frames.length) / length));
    left -= now.frames.length;
  }
  if (falling.length) falling.push({ ...falling.pop(), then });
  return [falling, rest];
}
