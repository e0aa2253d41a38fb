/** The copy's pictures: decoded one at a time, the newest wins. */

export class Frames {
  /**
   * @param {(picture: ImageBitmap) => void} show Called with each decoded picture.
   * @param {(detail: string) => void} tellTrouble A frame that is no picture: the one before it stays.
   */
  constructor(show, tellTrouble) {
    this.show = show;
    this.tellTrouble = tellTrouble;
    this.waiting = null;
    this.isDecoding = false;
    this.ready = null; // number of a picture that is decoded but not yet painted
  }

  /** @param {import("../shared/wire.js").Frame} frame */
  take(frame) {
    this.waiting = frame;
    if (!this.isDecoding) this.#decode();
  }

  async #decode() {
    this.isDecoding = true;
    while (this.waiting) {
      const wanted = this.waiting;
      this.waiting = null;
      await this.#show(wanted);
    }
    this.isDecoding = false;
  }

  async #show({ frame, jpeg }) {
    try {
      this.show(await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })));
      this.ready = frame;
    } catch (error) {
      this.tellTrouble(`frame ${frame}: ${error.message}`);
    }
  }

  /** @returns {number | null} The frame that the painting just done shows for the first time. */
  painted() {
    const frame = this.ready;
    this.ready = null;
    return frame;
  }

  forget() {
    this.waiting = null;
    this.ready = null;
  }
}
