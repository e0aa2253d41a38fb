/** The loudspeaker: plays the mirror's voice when it is due on the host's clock, and says what truly sounded. */

import { Median } from "./steady.js";

const VOICE_HZ = 24_000;
const LOOK_EVERY_MS = 50;
const MEMORY = 41; // readings: two seconds

export class Speaker {
  /**
   * @param {import("../shared/clock.js").HostClock} clock
   * @param {(played: {turn: number, sample: number, at: number, is_end: boolean}) => void} tell `at` in seconds, host clock.
   */
  constructor(clock, tell) {
    this.clock = clock;
    this.tell = tell;
    this.heard = { heard_turn: 0, heard_sample: 0 }; // for whoever takes a broken line up: it is not said again
    this.offset = new Median(MEMORY); // own clock minus the sound device's, at the loudspeaker, seconds
    this.context = new AudioContext({ sampleRate: VOICE_HZ, latencyHint: "interactive" });
    this.ready = this.#open();
  }

  /** Whether the browser lets us sound. */
  get isAllowed() {
    return this.context.state === "running";
  }

  async #open() {
    await this.context.audioWorklet.addModule(new URL("speaker_worklet.js", import.meta.url));
    this.node = new AudioWorkletNode(this.context, "speaker", { numberOfInputs: 0, outputChannelCount: [2] });
    this.node.port.onmessage = ({ data }) => this.#heard(data);
    this.node.connect(this.context.destination);
    setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** After a touch: browsers that forbade sound now allow it. */
  async wake() {
    if (!this.isAllowed) await this.context.resume();
  }

  /** @param {import("../shared/wire.js").Speech} speech */
  say(speech) {
    const pcm = new Int16Array(speech.pcm.slice().buffer, 0, speech.pcm.length >> 1); // a copy: views may be unaligned
    const samples = Float32Array.from(pcm, (value) => value / 32768);
    const order = {
      kind: "speech",
      turn: speech.turn,
      from: speech.from_sample,
      samples,
      due: this.#frameDue(speech.due),
      restart: speech.restart,
      isLast: speech.is_last,
    };
    this.node?.port.postMessage(order, [samples.buffer]);
  }

  hold({ turn, gain, stop }) {
    this.node?.port.postMessage({ kind: "hold", turn, gain, stop });
  }

  flush(turn) {
    this.node?.port.postMessage({ kind: "flush", turn });
  }

  /** Forget every turn, and their numbers. */
  reset() {
    this.heard = { heard_turn: 0, heard_sample: 0 };
    this.node?.port.postMessage({ kind: "reset" });
  }

  /** Which of the device's frames leaves the loudspeaker at `due` (host clock, seconds). Without a clock: at once. */
  #frameDue(due) {
    if (!this.clock.isSet || !this.offset.isSet) return 0;
    return Math.round((this.clock.toOwn(due) - this.offset.value) * VOICE_HZ);
  }

  /** `outputLatency` is inside these readings: they speak of the frame that leaves the loudspeaker. */
  #look() {
    if (!this.isAllowed) return;
    const { contextTime, performanceTime } = this.context.getOutputTimestamp();
    if (performanceTime > 0) this.offset.add(performanceTime / 1000 - contextTime);
  }

  #heard({ turn, sample, frame, isEnd }) {
    this.heard = { heard_turn: Math.max(0, turn), heard_sample: sample };
    if (!this.clock.isSet || !this.offset.isSet) return;
    this.tell({ turn, sample, at: this.clock.toHost(frame / VOICE_HZ + this.offset.value), is_end: isEnd });
  }
}
