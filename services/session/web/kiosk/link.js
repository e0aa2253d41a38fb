/** The line to the session service: says hello, asks for the time, comes back after every loss. */

import { wait } from "../shared/backoff.js";
import * as wire from "../shared/wire.js";

const SOON_MS = 100; // the first questions come quickly: the clock must stand before anything sounds
const SOON_COUNT = 10;
const LATER_MS = 1500;
const SILENT_MS = 6000; // nothing heard for so long: the line is dead, whatever the socket says
const FULL = 262_144; // bytes waiting to leave: sound older than that is worth nothing

export class Link {
  /**
   * @param {import("./settings.js").Settings} settings
   * @param {import("../shared/clock.js").HostClock} clock
   * @param {{hear: (message: import("../shared/wire.js").Down) => void, state: (state: "open" | "away" | "refused" | "unknown" | "taken") => void,
   *   heard: () => {heard_turn: number, heard_sample: number}}} on
   */
  constructor(settings, clock, on) {
    this.settings = settings;
    this.clock = clock;
    this.on = on;
    this.session = ""; // to go on with after a loss
    this.failures = 0;
    this.#connect();
  }

  /** @returns {boolean} Whether it left; sound and pictures are not kept for later. */
  send(bytes) {
    const isOpen = this.isOpen && this.socket.bufferedAmount < FULL;
    if (isOpen) this.socket.send(bytes);
    return isOpen;
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/kiosk/socket`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code }) => this.#lost(code);
    this.socket = socket;
    this.isOpen = false;
  }

  #greet(socket) {
    const { token, kiosk, language } = this.settings;
    socket.send(wire.hello({ token, kiosk, language, resume: this.session, ...this.on.heard() }));
    this.asked = 0;
    this.heardAt = performance.now();
    this.#ask();
  }

  #ask() {
    if (performance.now() - this.heardAt > SILENT_MS) return this.socket.close();
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(wire.ping({ sent: performance.now() / 1000 }));
    this.asked += 1;
    this.timer = setTimeout(() => this.#ask(), this.asked < SOON_COUNT ? SOON_MS : LATER_MS);
    return undefined;
  }

  #hear(data) {
    const at = performance.now();
    this.heardAt = at;
    let message;
    try {
      message = wire.decodeDown(data);
    } catch (error) {
      this.send(wire.trouble({ what: "unreadable", detail: error.message }));
      return;
    }
    if (message?.type === "pong") this.clock.add(message.sent, message.host, at / 1000);
    if (message?.type === "welcome") this.#welcome();
    if (message) this.on.hear(message);
  }

  #welcome() {
    this.failures = 0;
    this.isOpen = true;
    this.on.state("open");
  }

  #lost(code) {
    clearTimeout(this.timer);
    this.isOpen = false;
    this.failures += 1;
    this.on.state({ 4401: "refused", 4404: "unknown", 4409: "taken" }[code] ?? "away");
    setTimeout(() => this.#connect(), wait(this.failures, Math.random()) * 1000);
  }
}
