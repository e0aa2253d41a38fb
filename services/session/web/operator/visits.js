/** One card a glass: where its visit is, and the hands on it. */

import { element, refresh } from "./dom.js";
import { clockText } from "./health.js";

const SURE_MS = 3500; // a second press within this time means it

const LOOKS = {
  attract: "Waiting", consent: "Asking", mirror: "Reflecting", crossing: "Crossing over", copy: "The copy speaks",
  farewell: "Farewell", dark: "Dark",
};

export class Visits {
  /** @param {HTMLElement} section @param {(kiosk: string, action: string) => void} command */
  constructor(section, command) {
    this.section = section;
    this.command = command;
    this.cards = new Map();
  }

  /** @param {object[]} kiosks @param {number} durationS */
  show(kiosks, durationS) {
    for (const [name, card] of this.cards) {
      if (!kiosks.some((kiosk) => kiosk.kiosk === name)) this.#remove(name, card);
    }
    for (const kiosk of kiosks) this.#card(kiosk.kiosk).show(kiosk, durationS);
  }

  #card(name) {
    if (!this.cards.has(name)) {
      const card = new Card((action) => this.command(name, action));
      this.cards.set(name, card);
      this.section.append(card.root);
    }
    return this.cards.get(name);
  }

  #remove(name, card) {
    card.root.remove();
    this.cards.delete(name);
  }
}

class Card {
  /** @param {(action: string) => void} command */
  constructor(command) {
    this.command = command;
    this.view = element("div.view");
    this.hold = this.#button("hold", "Hold");
    this.skip = this.#button("skip", "Skip scene");
    this.wipe = this.#button("wipe", "Stop and wipe");
    this.wipe.classList.add("grave");
    this.root = element("article.visit", {}, this.view, element("div.hands", {}, this.hold, this.skip, this.wipe));
  }

  #button(action, text) {
    const button = element("button", { type: "button", "data-action": action }, text);
    button.addEventListener("click", () => this.#press(button));
    return button;
  }

  /** Stopping and wiping cannot be taken back: it asks once more. */
  #press(button) {
    const { action } = button.dataset;
    if (action !== "wipe") return this.command(action);
    if (button.dataset.sure) {
      this.#relax();
      return this.command("wipe");
    }
    button.dataset.sure = "asked";
    button.textContent = "Press again to end and wipe";
    this.timer = setTimeout(() => this.#relax(), SURE_MS);
    return undefined;
  }

  #relax() {
    clearTimeout(this.timer);
    delete this.wipe.dataset.sure;
    this.wipe.textContent = "Stop and wipe";
  }

  show(kiosk, durationS) {
    const isOn = kiosk.session !== "";
    this.root.classList.toggle("on", isOn);
    this.hold.dataset.action = kiosk.holding ? "resume" : "hold";
    this.hold.textContent = kiosk.holding ? "Go on" : "Hold";
    this.hold.classList.toggle("active", kiosk.holding);
    for (const button of [this.hold, this.skip, this.wipe]) button.disabled = !isOn;
    const part = durationS > 0 ? Math.min(1, kiosk.elapsed_s / durationS) : 0;
    const scene = isOn ? kiosk.scene.replaceAll("_", " ") : "nobody is here";
    refresh(this.view, [
      element("p.name", {}, kiosk.kiosk),
      element("p.look", {}, LOOKS[kiosk.look] ?? kiosk.look),
      element("p.scene", {}, scene),
      element("p.left", {}, isOn ? clockText(kiosk.left_s) : "–:––"),
      element("div.time", {}, element("i", { style: `width:${(100 * part).toFixed(1)}%` })),
      element("ul.voices", {}, this.#voice("visitor", kiosk.visitor_speaking), this.#voice("mirror", kiosk.mirror_speaking)),
      element("ul.facts", {}, ...kiosk.facts.map((fact) => element("li", {}, String(fact).replaceAll("_", " ")))),
    ]);
  }

  #voice(who, isSpeaking) {
    return element(isSpeaking ? "li.speaking" : "li", {}, who);
  }
}
