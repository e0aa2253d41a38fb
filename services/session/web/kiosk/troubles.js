/** What the glass says when it cannot do its part. Pure; never more than one line, never an alert. */

const WORDS = {
  en: {
    sound_blocked: "Touch the glass, and it will find its voice.",
    no_microphone: "The mirror cannot hear you. It needs a microphone.",
    no_camera: "The mirror cannot see you. It needs a camera.",
    away: "The mirror is elsewhere for a moment.",
    taken: "Another glass is awake.",
    refused: "This glass has no key. Open the address the mirror gave.",
  },
  nl: {
    sound_blocked: "Raak het glas aan, dan vindt het zijn stem.",
    no_microphone: "De spiegel hoort je niet. Er is een microfoon nodig.",
    no_camera: "De spiegel ziet je niet. Er is een camera nodig.",
    away: "De spiegel is er even niet.",
    taken: "Een ander glas is wakker.",
    refused: "Dit glas heeft geen sleutel. Open het adres dat de spiegel gaf.",
  },
};

const ORDER = ["refused", "taken", "away", "sound_blocked", "no_microphone", "no_camera"]; // the worst first

/** What is wrong now, by name. */
export class Troubles {
  constructor() {
    this.now = new Map();
  }

  /** @param {string} what A key of WORDS. @param {string | null} detail For the operator; null: it is over. @returns {boolean} Whether that is news. */
  set(what, detail) {
    if (detail === null) return this.now.delete(what);
    const isNews = this.now.get(what) !== detail;
    this.now.set(what, detail);
    return isNews;
  }

  /** @param {string} language @returns {string} The line for the visitor; empty when all is well. */
  line(language) {
    const worst = ORDER.find((what) => this.now.has(what));
    return worst ? (WORDS[language] ?? WORDS.en)[worst] : "";
  }
}
