/** The sound thread's end of the microphone: 20 ms at 16 kHz, int16, with the device's time of the last sample. */

import { Resampler } from "../shared/resampler.js";

const HZ = 16_000;
const CHUNK = 320;

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, HZ);
    this.chunk = new Int16Array(CHUNK);
    this.filled = 0;
    this.power = 0;
  }

  process([input]) {
    if (!input.length) return true; // the track is muted or gone
    const samples = this.resampler.push(input[0]);
    const end = (currentFrame + input[0].length - this.resampler.delay) / sampleRate;
    samples.forEach((value, index) => this.#take(value, end - (samples.length - 1 - index) / HZ));
    return true;
  }

  #take(value, at) {
    const clipped = Math.max(-1, Math.min(1, value)) || 0; // NaN is silence
    this.chunk[this.filled] = Math.round(clipped * 32767);
    this.power += clipped * clipped;
    this.filled += 1;
    if (this.filled < CHUNK) return;
    const pcm = new Uint8Array(this.chunk.buffer);
    this.port.postMessage({ pcm, at, level: Math.sqrt(this.power / CHUNK) }, [pcm.buffer]);
    this.chunk = new Int16Array(CHUNK);
    this.filled = 0;
    this.power = 0;
  }
}

registerProcessor("microphone", Microphone);
