/** The line to the session service: states down, commands up. */

import { wait } from "../shared/backoff.js";

const SILENT_MS = 3000; // states come four times a second

export class Link {
  /**
   * @param {string} token
   * @param {{hear: (state: object | null) => void, lost: (code: number) => void, refused: (detail: string) => void}} on
   *   `hear(null)`: the line is gone. `refused`: a command could not be carried out.
   */
  constructor(token, on) {
    this.token = token;
    Object.assign(this, on);
    this.failures = 0;
    this.#connect();
    setInterval(() => this.#watch(), 1000);
  }

  /** @param {"hold" | "resume" | "skip" | "stop" | "wipe"} action */
  command(kiosk, action) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ type: "command", kiosk, action }));
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/operator/socket?token=${encodeURIComponent(this.token)}`);
    this.heardAt = performance.now();
    this.socket.onmessage = ({ data }) => this.#take(data);
    this.socket.onclose = ({ code }) => this.#closed(code);
  }

  #take(data) {
    const message = JSON.parse(data);
    this.heardAt = performance.now();
    this.failures = 0;
    if (message.type === "state") this.hear(message);
    if (message.type === "refused") this.refused(message.detail);
  }

  #closed(code) {
    this.failures += 1;
    this.hear(null);
    this.lost(code);
    setTimeout(() => this.#connect(), wait(this.failures, Math.random()) * 1000);
  }

  #watch() {
    if (performance.now() - this.heardAt > SILENT_MS) this.hear(null);
  }
}
