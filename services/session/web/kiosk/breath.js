/** The slow light that lives in the empty glass. */

import { patches } from "./crossing.js";

const WIDTH = 36;
const HEIGHT = 54;
const EVERY_MS = 100; // slow as it is, more is not seen
const PERIOD_S = 11; // of someone asleep
const BRIGHTEST = 44; // of 255

export class Breath {
  constructor() {
    this.light = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d");
    this.picture = new ImageData(WIDTH, HEIGHT);
    this.breathedAt = 0;
  }

  /** Lay it over a picture. @param {number} now Own clock, seconds. @param {number} strength 0..1 */
  paint(onto, now, strength) {
    if (strength < 0.01) return;
    if ((now - this.breathedAt) * 1000 > EVERY_MS) this.#breathe(now);
    onto.globalAlpha = strength;
    onto.drawImage(this.light.canvas, 0, 0, onto.canvas.width, onto.canvas.height);
    onto.globalAlpha = 1;
  }

  #breathe(now) {
    this.breathedAt = now;
    const swell = 0.62 + 0.38 * Math.sin((2 * Math.PI * now) / PERIOD_S);
    for (let y = 0; y < HEIGHT; y += 1) {
      for (let x = 0; x < WIDTH; x += 1) this.#point(x, y, now, swell);
    }
    this.light.putImageData(this.picture, 0, 0);
  }

  #point(x, y, now, swell) {
    const across = (x + 0.5) / WIDTH - 0.5;
    const down = (y + 0.5) / HEIGHT - 0.46;
    const near = Math.exp(-(across * across * 9 + down * down * 11) / (0.55 + 0.3 * swell));
    const drift = patches(x * 0.13 + now * 0.11, y * 0.1 - now * 0.07) + 0.6 * patches(x * 0.3 - now * 0.09, y * 0.24 + 40);
    const light = BRIGHTEST * swell * near * drift * 0.62;
    const at = (y * WIDTH + x) * 4;
    this.picture.data[at] = 208;
    this.picture.data[at + 1] = 224;
    this.picture.data[at + 2] = 240;
    this.picture.data[at + 3] = light;
  }
}
