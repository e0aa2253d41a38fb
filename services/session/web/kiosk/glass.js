/** The glass: one canvas on which the reflection and the copy are painted, and cross. */

import { SIDE, arrivals, veil } from "./crossing.js";
import { Appearance } from "./looks.js";
import { place } from "./placing.js";

const MOST_PIXELS = 1_300_000; // beyond it no one sees more of a 640 x 480 face
const LEAST_PIXELS = 250_000;
const SLOW_MS = 14; // a painting that takes longer costs frames: paint fewer pixels

/** @typedef {CanvasImageSource} Source */

export class Glass {
  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} frame Carries `--picture`, the picture's share of the width. */
  constructor(canvas, frame) {
    this.canvas = canvas;
    this.frame = frame;
    this.context = canvas.getContext("2d", { alpha: false });
    this.soft = new OffscreenCanvas(1, 1).getContext("2d", { alpha: false });
    this.layer = new OffscreenCanvas(1, 1).getContext("2d");
    this.mask = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
    this.points = new ImageData(SIDE, SIDE);
    this.times = arrivals();
    this.appearance = new Appearance();
    this.pixels = MOST_PIXELS;
    this.cost = 0;
    this.copy = null;
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

  #measure() {
    const width = innerWidth * devicePixelRatio;
    const height = innerHeight * devicePixelRatio;
    const scale = Math.min(1, Math.sqrt(this.pixels / (width * height)));
    this.canvas.width = Math.max(2, Math.round(width * scale));
    this.canvas.height = Math.max(2, Math.round(height * scale));
    this.layer.canvas.width = this.canvas.width;
    this.layer.canvas.height = this.canvas.height;
  }

  /**
   * Paint what is to be seen at `now`.
   *
   * @param {number} now Seconds, own clock.
   * @param {HTMLVideoElement | null} camera
   * @returns {import("./looks.js").Look & {isMoving: boolean}} What was painted.
   */
  paint(now, camera) {
    const started = performance.now();
    const look = this.appearance.at(now, this.copy !== null);
    this.canvas.style.opacity = look.light.toFixed(3);
    if (look.light > 0.003) this.#picture(look, camera);
    this.#spare(performance.now() - started);
    return look;
  }

  #picture({ copy, clarity }, camera) {
    const shown = this.copy === null ? 0 : copy;
    if (shown < 1) this.#draw(this.context, camera, true, clarity);
    if (shown === 1) this.#draw(this.context, this.copy, false, clarity);
    else if (shown > 0) this.#cross(shown, clarity);
  }

  /** The copy over the reflection, as far as the crossing is. */
  #cross(part, clarity) {
    const { canvas } = this.layer;
    this.#draw(this.layer, this.copy, false, clarity);
    veil(this.times, part, this.points.data);
    this.mask.putImageData(this.points, 0, 0);
    this.layer.globalCompositeOperation = "destination-in";
    this.layer.imageSmoothingQuality = "high";
    this.layer.drawImage(this.mask.canvas, 0, 0, canvas.width, canvas.height);
    this.layer.globalCompositeOperation = "source-over";
    this.context.drawImage(canvas, 0, 0);
  }

  #draw(onto, source, isMirrored, clarity) {
    const { width, height } = onto.canvas;
    onto.setTransform(1, 0, 0, 1, 0, 0);
    onto.fillStyle = "#000";
    onto.fillRect(0, 0, width, height);
    const size = source && { width: source.videoWidth ?? source.width, height: source.videoHeight ?? source.height };
    if (!size?.width) return;
    const at = place(size.width, size.height, width, height);
    this.frame.style.setProperty("--picture", Math.min(1, at.width / width).toFixed(3));
    if (isMirrored) onto.setTransform(-1, 0, 0, 1, width, 0);
    onto.imageSmoothingQuality = "high";
    onto.drawImage(this.#softened(source, size, clarity), at.x, at.y, at.width, at.height);
    onto.setTransform(1, 0, 0, 1, 0, 0);
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

  /** A slow machine paints fewer pixels rather than fewer pictures. */
  #spare(ms) {
    this.cost += 0.05 * (ms - this.cost);
    if (this.cost < SLOW_MS || this.pixels <= LEAST_PIXELS) return;
    this.pixels = Math.max(LEAST_PIXELS, this.pixels * 0.7);
    this.cost = 0;
    this.#measure();
  }
}
