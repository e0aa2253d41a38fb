/** The kiosk page: a mirror that is awake as long as it is open. */

import * as wire from "../shared/wire.js";
import { Presence } from "./presence.js";
import { readSettings } from "./settings.js";
import { Visit } from "./visit.js";

const GLANCE_MS = 200;
const LINGER_S = 20; // someone who stays before the waiting glass so long wants another visit
const QUIET_START_MS = 4000; // a line or a sound device that needs so long to come up is no trouble yet

const settings = readSettings(location.search);
const visit = new Visit(settings);
const presence = new Presence();
let attractSince = 0;

/** Look whether someone comes or goes. */
function glance() {
  const picture = visit.camera.glance();
  if (!picture) return;
  const now = performance.now() / 1000;
  const change = presence.see(picture, now);
  const isWaiting = visit.mirror.look === "attract";
  if (!isWaiting) attractSince = now;
  const isLingering = isWaiting && presence.isThere && now - attractSince > LINGER_S;
  if (isWaiting && (change === "came" || isLingering)) approach();
  if (visit.isOpen && change === "left") visit.send(wire.leave());
}

function approach() {
  attractSince = performance.now() / 1000;
  visit.send(wire.approach());
}

addEventListener("pointerdown", async () => {
  await visit.wake();
  if (visit.mirror.look === "attract") approach();
});
addEventListener("dblclick", () => {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {}); // a browser may say no; the mirror works framed, too
});
addEventListener("contextmenu", (event) => event.preventDefault());
document.addEventListener("visibilitychange", keepAwake);

/** A screen that sleeps is a dead mirror. */
async function keepAwake() {
  if (document.visibilityState !== "visible") return;
  await navigator.wakeLock?.request("screen").catch(() => {}); // not every machine can; the operator sets its screen then
}

keepAwake();
if (settings.watches) setInterval(glance, GLANCE_MS);
setTimeout(() => {
  document.documentElement.classList.add("settled");
  setInterval(() => visit.checkSound(), 1000);
}, QUIET_START_MS);
