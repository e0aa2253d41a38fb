/** What is to be seen: glass, ear and type, in the look that the session names. */

import { Ear } from "./ear.js";
import { Glass } from "./glass.js";
import { Invitation, Place } from "./type.js";

const PACE_S = { waiting: 0.09, visit: 0.029 }; // at most so often: no source is faster, and a dim blur needs less

const FORGET_S = 0.9;

export class Mirror {
  /** @param {import("./camera.js").Camera} camera @param {(at: number) => void} painted Called after each painting, own clock, seconds. */
  constructor(camera, painted) {
    const find = (id) => document.getElementById(id);
    this.root = document.documentElement;
    this.camera = camera;
    this.painted = painted;
    this.glass = new Glass(find("glass"), this.root);
    this.ear = new Ear(find("ear"));
    this.line = new Place(find("line"));
    this.subtitle = new Place(find("subtitle"));
    this.trouble = new Place(find("trouble"));
    this.invitation = new Invitation(new Place(find("invitation")));
    this.isDirty = true;
    this.paintedAt = 0;
    this.become({ look: "dark", crossing_s: 4, language: "en" });
    this.#watch();
    requestAnimationFrame(() => this.#paint());
  }

  /** @param {import("../shared/wire.js").Scene} scene */
  become({ look, crossing_s: crossingS, language }) {
    this.look = look;
    this.language = language;
    this.root.dataset.look = look;
    this.root.lang = language;
    if (!this.isForgetting) this.glass.become(look, crossingS);
    this.crossingS = crossingS;
    this.isDirty = true;
    if (look === "attract") this.invitation.begin();
    else this.invitation.end();
    if (look === "attract" || look === "dark") this.clear();
  }

  /** Let the visit go: its last picture sinks into the black, and only then the glass takes its next look. */
  forget() {
    this.clear();
    this.isForgetting = true;
    this.isDirty = true;
    this.glass.fade(FORGET_S);
    setTimeout(() => {
      this.isForgetting = false;
      this.glass.forget();
      this.become({ look: this.look, crossing_s: this.crossingS, language: this.language });
    }, FORGET_S * 1000);
  }

  /** No word of the visit stays. */
  clear() {
    this.line.set("", this.language);
    this.subtitle.set("", this.language);
    this.ear.listen({ is_open: false, hears_speech: false });
  }

  show(picture) {
    if (this.isForgetting) return picture.close();
    this.glass.show(picture);
    this.isDirty = true;
    return undefined;
  }

  say(place, text) {
    this[place].set(text, this.language);
  }

  /** Note each new picture of the camera. */
  #watch() {
    this.camera.video.requestVideoFrameCallback(() => {
      this.isDirty = true;
      this.#watch();
    });
  }

  #paint() {
    requestAnimationFrame(() => this.#paint());
    const now = performance.now() / 1000;
    const passed = now - this.paintedAt;
    if (passed < PACE_S[this.look === "attract" ? "waiting" : "visit"]) return;
    if (this.isDirty) {
      if (this.look !== "attract") this.glass.spend(passed * 1000);
      this.paintedAt = now;
      const look = this.glass.paint(now, this.camera.isOpen ? this.camera.video : null);
      this.isDirty = look.isMoving || look.breath > 0;
      this.painted(now);
    }
  }
}
