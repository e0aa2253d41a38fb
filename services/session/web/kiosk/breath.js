/** The slow light that lives in the empty glass, and the light that listens. */

import { patches } from "./crossing.js";

const WIDTH = 36;
const HEIGHT = 54;
const EVERY_MS = 80; // slow as it is, more is not seen
const PERIOD_S = 11; // of someone asleep
const BRIGHTEST = 44; // of 255

export class Breath {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    Object.assign(canvas, { width: WIDTH, height: HEIGHT });
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.picture = new ImageData(WIDTH, HEIGHT);
    this.paintedAt = 0;
  }

  /** @param {number} now Own clock, seconds. @param {number} strength 0..1 */
  paint(now, strength) {
    this.canvas.style.opacity = strength.toFixed(3);
    if (strength < 0.01 || (now - this.paintedAt) * 1000 < EVERY_MS) return;
    this.paintedAt = now;
    const swell = 0.62 + 0.38 * Math.sin((2 * Math.PI * now) / PERIOD_S);
    for (let y = 0; y < HEIGHT; y += 1) {
      for (let x = 0; x < WIDTH; x += 1) this.#point(x, y, now, swell);
    }
    this.context.putImageData(this.picture, 0, 0);
  }

  #point(x, y, now, swell) {
    const across = (x + 0.5) / WIDTH - 0.5;
    const down = (y + 0.5) / HEIGHT - 0.46;
    const near = Math.exp(-(across * across * 9 + down * down * 11) / (0.55 + 0.3 * swell));
    const drift = patches(x * 0.13 + now * 0.11, y * 0.1 - now * 0.07) + 0.6 * patches(x * 0.3 - now * 0.09, y * 0.24 + 40);
    const light = BRIGHTEST * swell * near * drift * 0.62;
    const at = (y * WIDTH + x) * 4;
    this.picture.data[at] = 0.86 * light;
    this.picture.data[at + 1] = 0.93 * light;
    this.picture.data[at + 2] = light;
    this.picture.data[at + 3] = 255;
  }
}

/** A line of light below the picture: it breathes while the mirror listens, and widens with the voice it hears. */
export class Ear {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.level = 0;
  }

  /** @param {{is_open: boolean, hears_speech: boolean}} listening */
  listen({ is_open: isOpen, hears_speech: hearsSpeech }) {
    this.element.classList.toggle("open", isOpen);
    this.element.classList.toggle("hearing", isOpen && hearsSpeech);
  }

  /** @param {number} level 0..1 root mean square of 20 ms: quick up, slow down. */
  hear(level) {
    const loud = Math.min(1, Math.max(0, (20 * Math.log10(level + 1e-6) + 55) / 40));
    this.level += (loud - this.level) * (loud > this.level ? 0.5 : 0.08);
    this.element.style.setProperty("--level", this.level.toFixed(3));
  }
}
