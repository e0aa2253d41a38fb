/** The sound thread's end of the loudspeaker: turns messages into `Playout` calls and its reports into messages. */

import { Playout } from "./playout.js";

class Speaker extends AudioWorkletProcessor {
  constructor() {
    super();
    this.report = (report) => this.port.postMessage(report);
    this.playout = new Playout(this.report);
    this.port.onmessage = ({ data }) => this.#obey(data);
  }

  #obey({ kind, ...order }) {
    if (kind === "speech") this.playout.push(order, currentFrame);
    else if (kind === "hold") this.playout.hold(order, currentFrame);
    else if (kind === "flush") this.playout.flush(order.turn, currentFrame);
    else this.playout = new Playout(this.report);
  }

  process(_inputs, [output]) {
    this.playout.render(output[0], currentFrame);
    for (let channel = 1; channel < output.length; channel += 1) output[channel].set(output[0]);
    return true;
  }
}

registerProcessor("speaker", Speaker);
