/** What is to be said, laid on the loudspeaker's frames. Pure; the times are frames. */

import { before, fadedOut, split, stretched } from "./pieces.js";

const CUT = 360; // frames: 15 ms; the contract allows 20

/** @typedef {import("./pieces.js").Piece} Piece */
/** @typedef {{turn: number, from: number, samples: Float32Array, due: number, restart: boolean, isLast: boolean}} Speech */

export class SpeechQueue {
  constructor() {
    /** @type {Piece[]} */
    this.pieces = [];
    this.done = 0; // frames of the first piece that have sounded
    this.lag = 0; // frames by which this run is later than it was due
    this.gone = -1; // turns up to this one are forgotten
    this.known = { turn: -1, samples: 0 }; // what was laid last, and how far its turn has come with it
  }

  get first() {
    return this.pieces[0];
  }

  /** Where the last piece ends; null if there is none. */
  get end() {
    const last = this.pieces.at(-1);
    return last ? last.at + last.frames.length : null;
  }

  has(turn) {
    return this.pieces.some((piece) => piece.turn === turn);
  }

  /** Whether something is falling silent, to `then` "hold" or "cut". */
  isFalling(then) {
    return this.pieces.some((piece) => piece.then === then);
  }

  /** More of the run that is being said. @param {Speech} speech @param {number} now */
  follow(speech, now) {
    const twice = Math.max(0, this.known.samples - speech.from);
    if (twice >= speech.samples.length) return;
    const news = { ...speech, from: speech.from + twice, samples: speech.samples.subarray(twice) };
    const place = speech.due + this.lag + twice;
    if (this.end !== null) return this.#lay(news, this.end, { error: place - this.end, isFresh: false });
    this.lag += Math.max(0, now - place); // it had run dry: late by this much
    this.#lay(news, Math.max(now, place), { error: 0, isFresh: true });
  }

  /**
   * A new run: its first sample is due at `speech.due`; whatever we had of the turn from there on is void.
   * @param {Speech} speech @param {number} now @param {number} heard Samples of the turn that sounded: they are not said again.
   */
  anchor(speech, now, heard) {
    this.#cutLoose();
    this.pieces = this.pieces
      .map((piece) => (piece.turn === speech.turn ? before(piece, speech.from) : piece))
      .filter((piece) => piece !== null);
    const twice = Math.min(speech.samples.length, Math.max(0, heard - speech.from));
    const news = { ...speech, from: speech.from + twice, samples: speech.samples.subarray(twice) };
    const due = speech.due + twice;
    this.known = { turn: speech.turn, samples: news.from };
    this.lag = 0;
    if (!news.samples.length) return; // all of it sounded; the rest follows where it was due
    const at = Math.max(due, now, this.end ?? 0);
    this.lag = at - due;
    this.#lay(news, at, { error: 0, isFresh: true });
  }

  #lay({ turn, from, samples, isLast }, at, { error, isFresh }) {
    const frames = stretched(samples, error);
    this.pieces.push({ turn, from, samples: samples.length, frames, at, isFresh, isLast, then: "" });
    this.known = { turn, samples: from + samples.length };
  }

  /** Let what sounds of a turn fall silent, and `then` hold or cut. */
  fadeOut(turn, then) {
    this.#cutLoose();
    const [falling, rest] = fadedOut(this.pieces, turn, CUT, then);
    this.pieces = [...falling, ...rest.filter((piece) => piece.turn > this.gone)];
  }

  /** Drop every turn up to and including `turn`. */
  drop(turn) {
    if (this.first && this.first.turn <= turn) this.done = 0;
    this.pieces = this.pieces.filter((piece) => piece.turn > turn);
  }

  /** Go on after standing still since before `now`: all that waited is later by as much. No hold is wanted any more. */
  resume(now, wasHeld) {
    const late = wasHeld ? Math.max(0, now - (this.first?.at ?? now)) : 0;
    const then = (piece) => (piece.then === "hold" ? "" : piece.then);
    this.pieces = this.pieces.map((piece) => ({ ...piece, at: piece.at + late, then: then(piece) }));
    this.lag += late;
  }

  /** The first piece has sounded to its end. */
  shift() {
    this.done = 0;
    return this.pieces.shift();
  }

  /** Cut the first piece where it stands, so that nothing in the queue has begun. */
  #cutLoose() {
    if (!this.done) return;
    const { done } = this;
    const first = this.shift();
    this.pieces.unshift({ ...split(first, done)[1], then: first.then });
  }
}
