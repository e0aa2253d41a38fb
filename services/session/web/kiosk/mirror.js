/** What is to be seen: glass, breath, ear and type, in the look that the session names. */

import { Breath, Ear } from "./breath.js";
import { Glass } from "./glass.js";
import { Invitation, Place } from "./type.js";

export class Mirror {
  /** @param {import("./camera.js").Camera} camera @param {(at: number) => void} painted Called after each painting, own clock, seconds. */
  constructor(camera, painted) {
    const find = (id) => document.getElementById(id);
    this.root = document.documentElement;
    this.camera = camera;
    this.painted = painted;
    this.glass = new Glass(find("glass"), this.root);
    this.breath = new Breath(find("breath"));
    this.ear = new Ear(find("ear"));
    this.line = new Place(find("line"));
    this.subtitle = new Place(find("subtitle"));
    this.trouble = new Place(find("trouble"));
    this.invitation = new Invitation(new Place(find("invitation")));
    this.isDirty = true;
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
    this.glass.become(look, crossingS);
    if (look === "attract") this.invitation.begin();
    else this.invitation.end();
    if (look === "attract" || look === "dark") this.clear();
  }

  /** No word of the visit stays. */
  clear() {
    this.line.set("", this.language);
    this.subtitle.set("", this.language);
    this.ear.listen({ is_open: false, hears_speech: false });
  }

  show(picture) {
    this.glass.show(picture);
    this.isDirty = true;
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
    if (this.isDirty) {
      const look = this.glass.paint(now, this.camera.isOpen ? this.camera.video : null);
      this.strength = look.breath;
      this.isDirty = look.isMoving;
      this.painted(now);
    }
    this.breath.paint(now, this.strength ?? 0);
  }
}
