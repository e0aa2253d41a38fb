/**
 * The mirror's voice, sample by sample: a jitter buffer that keeps appointments. Pure, without a clock of its own.
 *
 * A *frame* is one step of the loudspeaker's clock (24 kHz, counted since the sound device opened); a *sample* is one of
 * a turn's speech. Speech is laid on frames as it arrives: the first of a run at its due frame, the rest one after the
 * other. What comes late is played at once and shifts what follows. Where the device's clock and the host's drift apart,
 * a piece is laid a few frames longer or shorter.
 */

import { Gain } from "./gain.js";
import { before, fadedOut, split, stretched } from "./pieces.js";

const REPORT_EVERY = 2400; // frames: 100 ms
const EDGE = 72; // frames: 3 ms at every joint with silence, enough against a click
const DUCK = 480; // frames: 20 ms; the contract allows 30
const CUT = 360; // frames: 15 ms; the contract allows 20

/** @typedef {import("./pieces.js").Piece} Piece */
/** @typedef {{turn: number, from: number, samples: Float32Array, due: number, restart: boolean, isLast: boolean}} Speech `due` in frames. */
/** @typedef {{turn: number, sample: number, frame: number, isEnd: boolean}} Report All before `sample` had sounded by `frame`. */

export class Playout {
  /** @param {(report: Report) => void} report */
  constructor(report) {
    this.report = report;
    /** @type {Piece[]} */
    this.queue = [];
    this.done = 0; // frames of queue[0] already sounded
    this.gone = -1; // turns up to this one are forgotten
    this.turn = -1; // the turn that sounds, or sounded last
    this.heard = 0; // how many of its samples sounded
    this.lag = 0; // frames by which this run is later than it was due
    this.isHeld = false;
    this.isSounding = false;
    this.dry = 0; // times the queue ran empty within a turn
    this.reported = 0; // frame of the last report
    this.duck = new Gain(1);
    this.edge = new Gain(0);
  }

  /** @param {Speech} speech @param {number} now The next frame to be played. */
  push(speech, now) {
    if (speech.turn <= this.gone) return;
    const tail = this.queue.at(-1);
    const isSameRun = (tail ?? this).turn === speech.turn && !speech.restart;
    if (!isSameRun) return this.#anchor(speech, now);
    const known = tail ? tail.from + tail.samples : this.heard;
    const twice = Math.max(0, known - speech.from);
    if (twice >= speech.samples.length) return;
    const news = { ...speech, from: speech.from + twice, samples: speech.samples.subarray(twice) };
    const end = tail ? tail.at + tail.frames.length : now;
    const place = speech.due + this.lag + twice;
    if (!tail) this.lag += Math.max(0, now - place);
    const at = tail ? end : Math.max(now, place);
    this.#enqueue(news, at, { error: tail ? place - end : 0, isFresh: !tail });
  }

  /** The visitor may be speaking: fade to `gain`, and if `stop` stand still. Without `stop`, go on where it stands. */
  hold({ turn, gain, stop }, now) {
    const isOurs = turn === this.turn || this.queue.some((piece) => piece.turn === turn);
    const isStopping = this.isHeld || this.queue.some((piece) => piece.then === "hold");
    if (!isOurs || (stop && isStopping)) return;
    if (!stop) {
      this.duck.toward(gain, DUCK);
      this.#resume(now);
    } else if (this.isSounding) this.#fadeOut("hold");
    else this.#stand(now);
  }

  /** Forget every sample up to and including `turn`. */
  flush(turn, now) {
    this.gone = Math.max(this.gone, turn);
    const isOurs = this.turn >= 0 && this.turn <= turn;
    if (isOurs && this.isSounding) this.#fadeOut("cut");
    else {
      this.queue = this.queue.filter((piece) => piece.turn > turn);
      if (isOurs) this.#end(now);
    }
    if (turn > this.turn) this.report({ turn, sample: 0, frame: now, isEnd: true });
  }

  /** Fill `out` with the next frames, the first of which is frame `start`. */
  render(out, start) {
    out.fill(0);
    for (let index = 0; index < out.length; index += 1) {
      const piece = this.queue[0];
      if (!this.isHeld && piece && start + index >= piece.at) out[index] = this.#sound(piece, start + index);
    }
  }

  #sound(piece, frame) {
    if (this.done === 0) this.#begin(piece, frame);
    const isEnding = piece.frames.length - this.done <= EDGE && (!this.queue[1] || this.queue[1].isFresh);
    this.edge.toward(isEnding ? 0 : 1, EDGE);
    const value = piece.frames[this.done] * this.edge.next() * this.duck.next();
    this.done += 1;
    this.heard = piece.from + Math.round((piece.samples * this.done) / piece.frames.length);
    if (this.done === piece.frames.length) this.#finish(piece, frame);
    else if (frame - this.reported >= REPORT_EVERY) this.#say(frame, false);
    return value;
  }

  #begin(piece, frame) {
    if (piece.isFresh) this.edge.jump(0);
    if (this.isSounding && this.turn === piece.turn) return;
    this.isSounding = true;
    this.turn = piece.turn;
    this.heard = piece.from;
    this.#say(frame, false);
  }

  #finish(piece, frame) {
    this.queue.shift();
    this.done = 0;
    if (piece.then === "hold") return this.#stand(frame);
    if (piece.then === "cut") this.duck.jump(1);
    if (piece.isLast || piece.then === "cut") return this.#end(frame);
    if (this.queue.length) return undefined;
    this.dry += 1;
    this.isSounding = false;
    return this.#say(frame, false);
  }

  /** A new run: its first sample is due at `speech.due`; whatever we had of the turn from there on is void. */
  #anchor(speech, now) {
    this.#cutLoose();
    this.queue = this.queue
      .map((piece) => (piece.turn === speech.turn ? before(piece, speech.from) : piece))
      .filter((piece) => piece !== null);
    this.#resume(now);
    if (!this.queue.some((piece) => piece.then === "cut")) this.duck.toward(1, DUCK);
    const tail = this.queue.at(-1);
    const at = Math.max(speech.due, now, tail ? tail.at + tail.frames.length : 0);
    this.lag = at - speech.due;
    this.#enqueue(speech, at, { error: 0, isFresh: true });
  }

  #enqueue({ turn, from, samples, isLast }, at, { error, isFresh }) {
    const frames = stretched(samples, error);
    this.queue.push({ turn, from, samples: samples.length, frames, at, isFresh, isLast, then: "" });
  }

  /** Cut the first piece where it stands, so that nothing in the queue has begun. */
  #cutLoose() {
    if (!this.done) return;
    const first = this.queue.shift();
    this.queue.unshift({ ...split(first, this.done)[1], then: first.then });
    this.done = 0;
  }

  #fadeOut(then) {
    this.#cutLoose();
    const [falling, rest] = fadedOut(this.queue, this.turn, CUT, then);
    this.queue = [...falling, ...rest.filter((piece) => piece.turn > this.gone)];
  }

  #stand(frame) {
    this.isHeld = true;
    this.isSounding = false;
    if (this.turn >= 0) this.#say(frame, false);
  }

  /** Go on: whatever waited is as late as we stood still. */
  #resume(now) {
    const late = this.isHeld ? Math.max(0, now - (this.queue[0]?.at ?? now)) : 0;
    const then = (piece) => (piece.then === "hold" ? "" : piece.then);
    this.queue = this.queue.map((piece) => ({ ...piece, at: piece.at + late, then: then(piece) }));
    this.lag += late;
    this.isHeld = false;
  }

  #end(frame) {
    this.isHeld = false;
    this.isSounding = false;
    this.#say(frame, true);
  }

  #say(frame, isEnd) {
    this.reported = frame;
    this.report({ turn: this.turn, sample: this.heard, frame, isEnd });
  }
}
