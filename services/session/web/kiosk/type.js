/** Type on the glass: one line at a time, coming and going like breath. */

const SLOW = { stay: 8000, dark: 2200 }; // milliseconds an invitation stands, and the dark between two languages

/** A place where one line stands; a new one waits until the old has gone. */
export class Place {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.text = "";
  }

  /** @param {string} text Empty: nothing. @param {string} language For hyphens and quotation marks. */
  set(text, language) {
    if (text === this.text) return;
    this.text = text;
    for (const old of this.element.querySelectorAll("p:not(.going)")) {
      old.classList.add("going");
      setTimeout(() => old.remove(), 1600);
    }
    if (!text) return;
    const line = Object.assign(document.createElement("p"), { textContent: text, lang: language });
    this.element.append(line);
    requestAnimationFrame(() => requestAnimationFrame(() => line.classList.add("there"))); // after it was laid out
  }
}

/** The invitation of the waiting glass, in each of its languages in turn. */
export class Invitation {
  /** @param {Place} place */
  constructor(place) {
    this.place = place;
    this.lines = [];
    this.next = 0;
  }

  /** @param {Record<string, string>} lines Language to line. */
  set(lines) {
    this.lines = Object.entries(lines);
    if (!this.timer) return;
    this.end();
    this.begin();
  }

  begin() {
    if (this.timer) return;
    this.next = 0;
    this.#show();
  }

  end() {
    clearTimeout(this.timer);
    this.timer = null;
    this.place.set("", "");
  }

  #show() {
    const [language, text] = this.lines[this.next % Math.max(1, this.lines.length)] ?? ["", ""];
    this.next += 1;
    this.place.set(text, language);
    this.timer = setTimeout(() => this.#pause(), SLOW.stay);
  }

  #pause() {
    if (this.lines.length > 1) this.place.set("", "");
    this.timer = setTimeout(() => this.#show(), this.lines.length > 1 ? SLOW.dark : 0);
  }
}
