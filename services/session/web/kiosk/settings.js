/** What the page's address says. Pure. */

/**
 * @typedef {object} Settings
 * @property {string} token Opens the kiosk's socket.
 * @property {string} kiosk This glass's name.
 * @property {string} language Wished for; empty: the play's first.
 * @property {{echo: boolean, noise: boolean, gain: boolean}} cleaning Filters of the browser on the microphone.
 * @property {boolean} watches Whether the camera may notice someone coming; else only a touch begins a visit.
 */

/**
 * Noise suppression and gain control are off unless asked for: both bend the voice that the copy learns from, and
 * the ear behind this microphone has its own. Echo cancellation is needed: visitor and mirror share one voice.
 *
 * @param {string} search The address's part from `?` on.
 * @returns {Settings}
 */
export function readSettings(search) {
  const given = new URLSearchParams(search);
  const isOn = (name, otherwise) => (given.has(name) ? given.get(name) !== "off" : otherwise);
  return {
    token: given.get("token") ?? "",
    kiosk: given.get("kiosk") ?? "mirror",
    language: given.get("language") ?? "",
    cleaning: { echo: isOn("echo", true), noise: isOn("noise", false), gain: isOn("gain", false) },
    watches: isOn("presence", true),
  };
}
