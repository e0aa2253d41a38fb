/**
 * The mirror's voice, sample by sample: a jitter buffer that keeps appointments. Pure, without a clock of its own.
 *
 * A *frame* is one step of the loudspeaker's clock (24 kHz, counted since the sound device opened); a *sample* is one of
 * a turn's speech. Speech is laid on frames as it arrives: the first of a run at its due frame, the rest one after the
 * other. What comes late is played at once and shifts what follows. Where the device's clock and the host's drift apart,
 * a piece is laid a few frames longer or shorter.
 */

import { Gain } from "./gain.js";
import { SpeechQueue } from "./speech_queue.js";

const REPORT_EVERY = 2400; // frames: 100 ms
const EDGE = 72; // frames: 3 ms at every joint with silence, enough against a click
const DUCK = 480; // frames: 20 ms; the contract allows 30

/** @typedef {{turn: number, sample: number, frame: number, isEnd: boolean}} Report All before `sample` had sounded by `frame`. */

export class Playout {
  /** @param {(report: Report) => void} report */
  constructor(report) {
    this.report = report;
    this.queue = new SpeechQueue();
    this.turn = -1; // the turn that sounds, or sounded last
    this.heard = 0; // how many of its samples sounded
    this.isHeld = false;
    this.isSounding = false;
    this.dry = 0; // times the queue ran empty within a turn
    this.reported = 0; // frame of the last report
    this.duck = new Gain(1);
    this.edge = new Gain(0);
  }

  /** @param {import("./speech_queue.js").Speech} speech `due` in frames. @param {number} now The next frame to be played. */
  push(speech, now) {
    if (speech.turn <= this.queue.gone) return undefined;
    const hasSounded = speech.turn === this.turn && this.heard >= speech.from + speech.samples.length;
    if (hasSounded && speech.isLast && !this.queue.first) return this.#say(now, true); // the word of it was lost
    if (!speech.restart && speech.turn === this.queue.known.turn) return this.queue.follow(speech, now);
    this.#resume(now);
    if (!this.queue.isFalling("cut")) this.duck.toward(1, DUCK);
    return this.queue.anchor(speech, now, speech.turn === this.turn ? this.heard : 0);
  }

  /** The visitor may be speaking: fade to `gain`, and if `stop` stand still. Without `stop`, go on where it stands. */
  hold({ turn, gain, stop }, now) {
    if (turn !== this.turn && !this.queue.has(turn)) return;
    if (!stop) {
      this.duck.toward(gain, DUCK);
      this.#resume(now);
    } else if (!this.isHeld && !this.queue.isFalling("hold")) {
      if (this.isSounding) this.queue.fadeOut(this.turn, "hold");
      else this.#stand(now);
    }
  }

  /** Forget every sample up to and including `turn`. */
  flush(turn, now) {
    this.queue.gone = Math.max(this.queue.gone, turn);
    const isOurs = this.turn >= 0 && this.turn <= turn;
    if (isOurs && this.isSounding) this.queue.fadeOut(this.turn, "cut");
    else {
      this.queue.drop(turn);
      if (isOurs) this.#end(now);
    }
    if (turn > this.turn) this.report({ turn, sample: 0, frame: now, isEnd: true });
  }

  /** Fill `out` with the next frames, the first of which is frame `start`. */
  render(out, start) {
    out.fill(0);
    for (let index = 0; index < out.length; index += 1) {
      const piece = this.queue.first;
      if (!this.isHeld && piece && start + index >= piece.at) out[index] = this.#sound(piece, start + index);
    }
  }

  #sound(piece, frame) {
    const { queue } = this;
    if (queue.done === 0) this.#begin(piece, frame);
    const next = queue.pieces[1];
    const isEnding = piece.frames.length - queue.done <= EDGE && (!next || next.isFresh);
    this.edge.toward(isEnding ? 0 : 1, EDGE);
    const value = piece.frames[queue.done] * this.edge.next() * this.duck.next();
    queue.done += 1;
    this.heard = piece.from + Math.round((piece.samples * queue.done) / piece.frames.length);
    if (queue.done === piece.frames.length) this.#finish(queue.shift(), frame);
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
    if (piece.then === "hold") return this.#stand(frame);
    if (piece.then === "cut") this.duck.jump(1);
    if (piece.isLast || piece.then === "cut") return this.#end(frame);
    if (this.queue.first) return undefined;
    this.dry += 1;
    this.isSounding = false;
    return this.#say(frame, false);
  }

  #stand(frame) {
    this.isHeld = true;
    this.isSounding = false;
    if (this.turn >= 0) this.#say(frame, false);
  }

  #resume(now) {
    this.queue.resume(now, this.isHeld);
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
