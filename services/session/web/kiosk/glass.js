/** The glass: one canvas on which the reflection and the copy are painted, and cross. */

import { Breath } from "./breath.js";
import { CrossingLayer } from "./crossing_layer.js";
import { Fidelity } from "./fidelity.js";
import { Appearance } from "./looks.js";
import { place } from "./placing.js";

const SOFT = 0.6; // clarity below which few pixels hold all there is to see
const SOFT_PIXELS = 160_000;

/** @param {HTMLVideoElement | ImageBitmap | null} source @returns {{width: number, height: number} | null} Pixels; null: no picture. */
function sizeOf(source) {
  const width = source?.videoWidth ?? source?.width;
  return width ? { width, height: source.videoHeight ?? source.height } : null;
}

export class Glass {
  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} frame Carries `--picture`, the picture's share of the width. */
  constructor(canvas, frame) {
    this.canvas = canvas;
    this.frame = frame;
    this.context = canvas.getContext("2d", { alpha: false });
    this.soft = new OffscreenCanvas(1, 1).getContext("2d", { alpha: false });
    this.crossing = new CrossingLayer();
    this.appearance = new Appearance();
    this.breath = new Breath();
    this.fidelity = new Fidelity();
    this.copy = null;
    this.isSoft = true;
    this.width = 0;
    new ResizeObserver(() => this.#measure()).observe(document.documentElement);
    this.#measure();
  }

  become(look, crossingS) {
    this.appearance.become(look, performance.now() / 1000, crossingS);
  }

  /** The newest picture of the copy; the one before it is let go. @param {ImageBitmap | null} picture */
  show(picture) {
    this.copy?.close();
    this.copy = picture;
  }

  fade(seconds) {
    this.appearance.fade(performance.now() / 1000, seconds);
  }

  forget() {
    this.show(null);
    this.appearance.forget();
    this.soft.canvas.width = 1; // which empties it
    this.crossing.measure(this.canvas.width, this.canvas.height);
  }

  #measure() {
    const width = innerWidth * devicePixelRatio;
    const height = innerHeight * devicePixelRatio;
    const most = this.isSoft ? Math.min(this.fidelity.pixels, SOFT_PIXELS) : this.fidelity.pixels;
    const scale = Math.min(1, Math.sqrt(most / (width * height)));
    this.canvas.width = Math.max(2, Math.round(width * scale));
    this.canvas.height = Math.max(2, Math.round(height * scale));
    this.crossing.measure(this.canvas.width, this.canvas.height);
  }

  /**
   * Paint what is to be seen at `now`.
   *
   * @param {number} now Seconds, own clock.
   * @param {HTMLVideoElement | null} camera
   * @returns {import("./looks.js").Look & {isMoving: boolean}} What was painted.
   */
  paint(now, camera) {
    const look = this.appearance.at(now, this.copy !== null);
    if (look.clarity < SOFT !== this.isSoft) {
      this.isSoft = !this.isSoft;
      this.#measure();
    }
    if (look.light > 0.003) this.#picture(look, camera);
    this.context.fillStyle = `rgb(0 0 0 / ${1 - look.light})`;
    if (look.light < 1) this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.breath.paint(this.context, now, look.breath);
    return look;
  }

  #picture({ copy, clarity }, camera) {
    const shown = this.copy === null ? 0 : copy;
    this.#frame(camera, shown);
    if (shown < 1) this.#draw(this.context, camera, true, clarity);
    if (shown === 1) this.#draw(this.context, this.copy, false, clarity);
    else if (shown > 0) {
      this.crossing.paint(this.context, shown, (layer) => this.#draw(layer, this.copy, false, clarity));
    }
  }

  #draw(onto, source, isMirrored, clarity) {
    const { width, height } = onto.canvas;
    onto.setTransform(1, 0, 0, 1, 0, 0);
    onto.fillStyle = "#000";
    onto.fillRect(0, 0, width, height);
    const size = sizeOf(source);
    if (!size) return;
    const at = place(size.width, size.height, width, height);
    if (isMirrored) onto.setTransform(-1, 0, 0, 1, width, 0);
    onto.imageSmoothingQuality = "high";
    onto.drawImage(this.#softened(source, size, clarity), at.x, at.y, at.width, at.height);
    onto.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Tell the vignette how wide the picture is: between the two while they cross. */
  #frame(camera, part) {
    const share = (source) => {
      const size = sizeOf(source);
      return size ? Math.min(1, place(size.width, size.height, this.canvas.width, this.canvas.height).width / this.canvas.width) : null;
    };
    const [mirrored, copied] = [share(camera), share(this.copy)];
    const width = (mirrored ?? copied ?? 1) * (1 - part) + (copied ?? 1) * part;
    if (Math.abs(width - this.width) < 0.002) return;
    this.width = width;
    this.frame.style.setProperty("--picture", width.toFixed(3));
  }

  /** The source as through breath: made small, so that making it large again blurs it. */
  #softened(source, size, clarity) {
    if (clarity >= 0.999) return source;
    const width = Math.round(24 + (size.width - 24) * clarity ** 2.5);
    const height = Math.round((width * size.height) / size.width);
    Object.assign(this.soft.canvas, { width, height });
    this.soft.imageSmoothingQuality = "high";
    this.soft.drawImage(source, 0, 0, width, height);
    return this.soft.canvas;
  }

  /** A slow machine paints fewer pixels rather than fewer pictures. @param {number} ms Between two paintings. */
  spend(ms) {
    if (this.fidelity.spend(ms)) this.#measure();
  }
}
