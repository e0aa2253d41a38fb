/** The light that listens: a line below the picture. It breathes while the mirror listens, and widens with the voice it hears. */

export class Ear {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.level = 0;
    this.count = 0;
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
    this.count = (this.count + 1) % 4; // 50 chunks a second come; 12 changes are enough for the eye
    if (this.count === 0) this.element.style.setProperty("--level", this.level.toFixed(2));
  }
}
