/** The microphone: opened once, opened again when it goes away. */

import { Least } from "./steady.js";

const AGAIN_MS = 3000;
const MEMORY = 250; // chunks: five seconds

/** @typedef {{pcm: Uint8Array, at: number, level: number}} Chunk 20 ms, 16 kHz int16; own clock, seconds, of its end; 0..1. */

export class Microphone {
  /**
   * @param {(chunk: Chunk) => void} hear
   * @param {(detail: string | null) => void} tellTrouble Null: all is well.
   * @param {{echo: boolean, noise: boolean, gain: boolean}} cleaning Which of the browser's filters run.
   */
  constructor(hear, tellTrouble, cleaning) {
    this.hear = hear;
    this.tellTrouble = tellTrouble;
    this.constraints = {
      channelCount: 1,
      echoCancellation: cleaning.echo,
      noiseSuppression: cleaning.noise,
      autoGainControl: cleaning.gain,
    };
    this.open();
  }

  async open() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.constraints });
      await this.#listen(stream);
      this.tellTrouble(null);
    } catch (error) {
      this.#lost(`${error.name}: ${error.message}`);
    }
  }

  #lost(detail) {
    this.tellTrouble(detail);
    this.context?.close().catch(() => {}); // closed already: as wished
    this.context = null;
    setTimeout(() => this.open(), AGAIN_MS);
  }

  async wake() {
    if (this.context?.state === "suspended") await this.context.resume();
  }

  async #listen(stream) {
    const [track] = stream.getAudioTracks();
    track.addEventListener("ended", () => this.#lost("the microphone was taken away"));
    this.context = new AudioContext({ latencyHint: "interactive" });
    await this.context.audioWorklet.addModule(new URL("microphone_worklet.js", import.meta.url));
    const node = new AudioWorkletNode(this.context, "microphone", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    const delay = new Least(MEMORY);
    const latency = track.getSettings().latency ?? 0;
    node.port.onmessage = ({ data }) => {
      const offset = delay.add(performance.now() / 1000 - data.at);
      this.hear({ ...data, at: data.at + offset - latency });
    };
    this.context.createMediaStreamSource(stream).connect(node);
  }
}
