/** What the kiosk does for a visit: hears, sees, speaks, shows, as the session asks. */

import { HostClock } from "../shared/clock.js";
import * as wire from "../shared/wire.js";
import { Camera } from "./camera.js";
import { Frames } from "./frames.js";
import { Lateness } from "./lateness.js";
import { Link } from "./link.js";
import { Microphone } from "./microphone.js";
import { Mirror } from "./mirror.js";
import { Speaker } from "./speaker.js";
import { Troubles } from "./troubles.js";

const WAKING_MS = 6000;
const HEARING = new Set(["consent", "mirror", "crossing", "copy", "farewell"]);

export class Visit {
  /** @param {import("./settings.js").Settings} settings */
  constructor(settings) {
    this.clock = new HostClock();
    this.troubles = new Troubles((trouble) => this.send(wire.trouble(trouble)), () => this.#sayTrouble());
    this.session = "";
    this.seq = 0;
    this.camera = new Camera((detail) => this.troubles.set("no_camera", detail));
    this.mirror = new Mirror(this.camera, (at) => this.#painted(at));
    const tellUnreadable = (detail) => this.send(wire.trouble({ what: "unreadable", detail }));
    this.lateness = new Lateness();
    this.frames = new Frames((picture) => this.mirror.show(picture), tellUnreadable);
    this.speaker = new Speaker(this.clock, (played) => this.send(wire.played(played)));
    const tellDeaf = (detail) => this.troubles.set("no_microphone", detail);
    this.microphone = new Microphone((chunk) => this.#hear(chunk), tellDeaf, settings.cleaning);
    this.link = new Link(settings, this.clock, {
      hear: (message) => this[message.type]?.(message),
      state: (state) => this.#linked(state),
      heard: () => this.speaker.heard,
    });
  }

  /** Whether a visit is going on. */
  get isOpen() {
    return HEARING.has(this.mirror.look);
  }

  send(bytes) {
    this.link?.send(bytes);
  }

  /** Touched: browsers that held sound back now let it out. */
  async wake() {
    await Promise.all([this.speaker.wake(), this.microphone.wake()]);
    this.checkSound();
  }

  checkSound() {
    this.troubles.set("sound_blocked", this.speaker.isAllowed ? null : this.speaker.context.state);
  }

  // --- from the session, by the message's tag -----------------------------------------------------------------------

  welcome({ subtitles, invitation }) {
    document.documentElement.classList.toggle("subtitles", subtitles);
    this.mirror.invitation.set(invitation);
    this.troubles.tellAll();
  }

  scene(scene) {
    if (scene.session !== this.session) this.#begin(scene.session);
    this.link.session = HEARING.has(scene.look) ? scene.session : "";
    this.mirror.become(scene);
    this.#sayTrouble();
  }

  /** The one refusal a visitor can notice: they stepped up before every stage was warm. */
  refused() {
    if (this.mirror.look !== "attract") return;
    this.troubles.set("waking", "asked too early");
    setTimeout(() => this.troubles.set("waking", null), WAKING_MS);
  }

  line({ text }) {
    this.mirror.say("line", text);
  }

  subtitle({ text }) {
    this.mirror.say("subtitle", text);
  }

  listening(listening) {
    this.mirror.ear.listen(listening);
  }

  speech(speech) {
    this.speaker.say(speech);
  }

  hold(hold) {
    this.speaker.hold(hold);
  }

  flush({ turn }) {
    this.speaker.flush(turn);
  }

  frame(frame) {
    if (this.clock.isSet && this.lateness.leavesOut(frame.pose_due_at, this.clock.toHost(performance.now() / 1000))) return;
    this.frames.take(frame);
  }

  async capture({ burst, frames, seconds }) {
    if (!this.camera.isOpen) return this.send(wire.trouble({ what: "no_camera", detail: "asked for a picture" }));
    const { session } = this;
    const give = (jpeg, index, isLast) => this.send(wire.camera({ burst, index, jpeg, is_last: isLast }));
    return this.camera.burst(frames, seconds, give, () => this.session === session && this.isOpen);
  }

  /** Nothing of the visitor stays here either. */
  forgotten() {
    this.frames.forget();
    this.mirror.forget();
    this.#begin("");
    this.link.session = "";
  }

  /** Turns and chunks are counted anew in each visit. */
  #begin(session) {
    this.session = session;
    this.seq = 0;
    this.speaker.reset();
  }

  /** Nothing that is said outside a visit leaves this page. */
  #hear({ pcm, at, level }) {
    if (!this.isOpen) return;
    this.mirror.ear.hear(level);
    const capturedAt = this.clock.isSet ? this.clock.toHost(at) : 0;
    this.send(wire.audio({ seq: this.seq, pcm, captured_at: capturedAt }));
    this.seq += 1; // also if it could not leave: the session hears a gap as a gap
  }

  #painted(at) {
    const frame = this.frames.painted();
    if (frame !== null && this.clock.isSet) this.send(wire.shown({ frame, at: this.clock.toHost(at) }));
  }

  #linked(state) {
    for (const what of ["away", "refused", "unknown", "taken"]) this.troubles.set(what, state === what ? "no line" : null);
    document.documentElement.dataset.link = state;
  }

  #sayTrouble() {
    this.mirror?.say("trouble", this.troubles.line(this.mirror.language));
  }
}
