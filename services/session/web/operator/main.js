/** The operator's page: is the mirror well, where is the visit, and three buttons. No words of the visitor. */

import { health } from "./health.js";
import { Link } from "./link.js";
import { showLists } from "./lists.js";
import { Visits } from "./visits.js";

const WRONG_TOKEN = 4401;
const SHOWN_REASONS = 3;

const header = document.getElementById("health");
const token = new URLSearchParams(location.search).get("token") ?? "";
const link = new Link(token, { hear: show, lost: explain, refused: note });
let noteTimer = 0;
const visits = new Visits(document.getElementById("kiosks"), (kiosk, action) => link.command(kiosk, action));

function say({ level, title, reasons }) {
  header.dataset.level = level;
  header.querySelector("h1").textContent = title;
  const more = reasons.length > SHOWN_REASONS ? [`And ${reasons.length - SHOWN_REASONS} more, below.`] : [];
  header.querySelector("p").textContent = [...reasons.slice(0, SHOWN_REASONS), ...more].join("\n");
}

/** @param {object | null} state */
function show(state) {
  say(health(state));
  document.body.classList.toggle("stale", state === null);
  if (!state) return;
  header.querySelector("aside").textContent = state.script.id;
  visits.show(state.kiosks, state.script.duration_s);
  showLists(document, state);
}

/** Why a press did nothing; gone after a while. */
function note(detail) {
  const place = document.getElementById("note");
  place.textContent = detail;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => place.replaceChildren(), 6000);
}

function explain(code) {
  if (code !== WRONG_TOKEN) return;
  say({ level: "ill", title: "No key", reasons: ["Open the operator's address that the mirror printed: this one has no valid token."] });
}
