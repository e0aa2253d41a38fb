/** The camera: the mirror's own eye. A video that plays, thumbnails for presence, and a burst of pictures when asked. */

const AGAIN_MS = 3000;
const LONGEST_PX = 1280;
const QUALITY = 0.92;
const THUMB = { width: 32, height: 24 };

export class Camera {
  /** @param {(detail: string | null) => void} tellTrouble Null: all is well. */
  constructor(tellTrouble) {
    this.tellTrouble = tellTrouble;
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, autoplay: true });
    this.thumb = new OffscreenCanvas(THUMB.width, THUMB.height).getContext("2d", { willReadFrequently: true });
    this.open();
  }

  /** Whether there is a picture. */
  get isOpen() {
    return this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.video.videoWidth > 0;
  }

  async open() {
    const wish = { width: { ideal: 1280 }, height: { ideal: 960 }, frameRate: { ideal: 30 }, facingMode: "user" };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: wish });
      stream.getVideoTracks()[0].addEventListener("ended", () => this.#lost("the camera was taken away"));
      this.video.srcObject = stream;
      await this.video.play();
      this.tellTrouble(null);
    } catch (error) {
      this.#lost(`${error.name}: ${error.message}`);
    }
  }

  #lost(detail) {
    this.video.srcObject = null;
    this.tellTrouble(detail);
    setTimeout(() => this.open(), AGAIN_MS);
  }

  /** @returns {Uint8ClampedArray | null} A tiny RGBA picture, 32 x 24, for `presence.js`. */
  glance() {
    if (!this.isOpen) return null;
    this.thumb.drawImage(this.video, 0, 0, THUMB.width, THUMB.height);
    return this.thumb.getImageData(0, 0, THUMB.width, THUMB.height).data;
  }

  /**
   * Take `frames` pictures over `seconds`; the visitor as others see them, not mirrored.
   *
   * @param {(jpeg: Uint8Array, index: number, isLast: boolean) => void} give
   * @param {() => boolean} isWanted Asked before each picture; the visit may have ended.
   */
  async burst(frames, seconds, give, isWanted) {
    const start = performance.now();
    for (let index = 0; index < frames && this.isOpen && isWanted(); index += 1) {
      const jpeg = await this.#picture();
      give(jpeg, index, index === frames - 1);
      const due = start + ((index + 1) * seconds * 1000) / frames;
      await new Promise((done) => setTimeout(done, Math.max(0, due - performance.now())));
    }
  }

  async #picture() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, LONGEST_PX / Math.max(videoWidth, videoHeight));
    const canvas = new OffscreenCanvas(Math.round(videoWidth * scale), Math.round(videoHeight * scale));
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    return new Uint8Array(await blob.arrayBuffer());
  }
}
