/** What the glass says when it cannot do its part. Pure; never more than one line, never an alert. */

const WORDS = {
  en: {
    sound_blocked: "Touch the glass, and it will find its voice.",
    no_microphone: "The mirror cannot hear you. It needs a microphone.",
    no_camera: "The mirror cannot see you. It needs a camera.",
    away: "The mirror is elsewhere for a moment.",
    waking: "The mirror is still waking. One moment.",
    taken: "Another glass is awake.",
    refused: "This glass has no key. Open the address the mirror gave.",
    unknown: "There is no mirror of this name. Open the address the mirror gave.",
  },
  nl: {
    sound_blocked: "Raak het glas aan, dan vindt het zijn stem.",
    no_microphone: "De spiegel hoort je niet. Er is een microfoon nodig.",
    no_camera: "De spiegel ziet je niet. Er is een camera nodig.",
    away: "De spiegel is er even niet.",
    waking: "De spiegel wordt nog wakker. Een ogenblik.",
    taken: "Een ander glas is wakker.",
    refused: "Dit glas heeft geen sleutel. Open het adres dat de spiegel gaf.",
    unknown: "Er is geen spiegel met deze naam. Open het adres dat de spiegel gaf.",
  },
};

const ORDER = ["refused", "unknown", "taken", "away", "sound_blocked", "waking", "no_microphone", "no_camera"]; // the worst first

/** What is wrong now, by name. */
export class Troubles {
  /**
   * @param {(trouble: {what: string, detail: string, is_over: boolean}) => void} tell The operator, of each change.
   * @param {() => void} changed The visitor's line may be another one now.
   */
  constructor(tell, changed) {
    this.tell = tell;
    this.changed = changed;
    this.now = new Map();
  }

  /** @param {string} what A key of WORDS. @param {string | null} detail For the operator; null: it is over. */
  set(what, detail) {
    if (this.now.get(what) === (detail ?? undefined)) return;
    if (detail === null) this.now.delete(what);
    else this.now.set(what, detail);
    this.tell({ what, detail: detail ?? "", is_over: detail === null });
    this.changed();
  }

  /** Tell the operator anew, after the line was lost. */
  tellAll() {
    for (const [what, detail] of this.now) this.tell({ what, detail, is_over: false });
  }

  /** @param {string} language @returns {string} The line for the visitor; empty when all is well. */
  line(language) {
    const worst = ORDER.find((what) => this.now.has(what));
    return worst ? (WORDS[language] ?? WORDS.en)[worst] : "";
  }
}
