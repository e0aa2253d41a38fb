/** The copy laid over the reflection, as far as the crossing is. */

import { SIDE, arrivals, veil } from "./crossing.js";

export class CrossingLayer {
  constructor() {
    this.layer = new OffscreenCanvas(1, 1).getContext("2d");
    this.mask = new OffscreenCanvas(SIDE, SIDE).getContext("2d");
    this.points = new ImageData(SIDE, SIDE);
    this.times = arrivals();
  }

  /** Follow the glass's size, which empties the layer. */
  measure(width, height) {
    Object.assign(this.layer.canvas, { width, height });
  }

  /**
   * @param {CanvasRenderingContext2D} onto Shows the reflection.
   * @param {number} part 0..1 of the crossing.
   * @param {(layer: OffscreenCanvasRenderingContext2D) => void} drawCopy
   */
  paint(onto, part, drawCopy) {
    const { canvas } = this.layer;
    drawCopy(this.layer);
    veil(this.times, part, this.points.data);
    this.mask.putImageData(this.points, 0, 0);
    this.layer.globalCompositeOperation = "destination-in";
    this.layer.imageSmoothingQuality = "high";
    this.layer.drawImage(this.mask.canvas, 0, 0, canvas.width, canvas.height);
    this.layer.globalCompositeOperation = "source-over";
    onto.drawImage(canvas, 0, 0);
  }
}
