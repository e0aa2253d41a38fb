/** Is the mirror well? One glance, from the whole state. Pure. */

const NEEDED = ["asr", "llm", "tts", "a2f_bridge", "faceswap"];

/** What each stage is for, in a word. */
export const NAMES = { asr: "Hearing", llm: "Words", tts: "Voice", a2f_bridge: "Lips", faceswap: "Face", session: "Session" };

const PLURAL = new Set(["llm", "a2f_bridge"]); // by their names above
const verb = (stage, one, more) => (PLURAL.has(stage) ? more : one);

const SLOW_TURN_MS = 1500; // the budget's 95th percentile, end of speech to first sound
const LAGGING_S = 1;

/** @typedef {{level: "well" | "uneasy" | "ill" | "away", title: string, reasons: string[]}} Health */

const COVERED_S = 60; // so long a second engine that stepped in for a moment is worth a glance
const REASON_CHARS = 140; // in the head of the page; the list below has all of it

/** What the visitor notices when a stage runs on less than its best, and where to look. */
const CARE = {
  asr: ["It hears less exactly.", "Look at the card and the microphone."],
  llm: ["It answers from its own lines.", "Look at the network, the model's key and its quota."],
  tts: ["The copy may not sound like the visitor.", "Look at the card's memory."],
  a2f_bridge: ["Lips are less exact, or Unreal's face stands still.", "Look at Audio2Face, and at the Live Link subject in Unreal."],
  faceswap: ["The face is simpler, or the picture stands still.", "Look at Unreal, OBS and the card."],
};
const GOES_ON = "The visit goes on, and the first choice is tried again by itself. If it stays so, run “mirror doctor” between two visits.";
const WAITS = "It is tried again by itself, and comes up once this is put right.";
const UNHEARD = "Who stays unheard did not start: its log says why, and in containers “mirror stage ls”.";
const COMES_BACK = "It is started again by itself. If it stays away, end the visit and start the mirror anew.";

/**
 * What to do about a stage that is not well.
 * @param {object} row @returns {string} Empty for one that is.
 */
export function care(row) {
  if (row.state === "degraded") return [...(CARE[row.stage] ?? []), GOES_ON].join(" ");
  return { away: COMES_BACK, failed: WAITS }[row.state] ?? "";
}

/** A second engine stepped in a moment ago, and the first is back. */
export const wasCovered = (row) => row.state === "ready" && row.covered_ago_s != null && row.covered_ago_s < COVERED_S;

/** Which engine on which device, as one says it. */
export const engineText = (row) => [row.engine, row.device].filter(Boolean).join(" on ");

/** What a stage complains of, as the end of a sentence. */
function reasonText(row) {
  const why = (row.last_error ?? "").split("\n")[0];
  const reason = why.length > REASON_CHARS ? `${why.slice(0, REASON_CHARS - 1)}…` : why;
  return reason ? `: ${reason}${/[.?!…]$/.test(reason) ? "" : "."}` : ".";
}

/** Why a stage is not at its best, in one line. */
function degradedText(row) {
  const now = engineText(row) ? `, now ${engineText(row)}` : "";
  return `${NAMES[row.stage] ?? row.stage} ${verb(row.stage, "is", "are")} degraded${now}${reasonText(row)}`;
}

/** Why a stage does no work, in one line. */
function missingText(stage, row) {
  if (!row) return `${NAMES[stage]} ${verb(stage, "has", "have")} not been heard.`;
  return `${NAMES[stage]} ${row.state === "failed" ? "cannot start" : `${verb(stage, "is", "are")} ${row.state}`}${reasonText(row)}`;
}

const isWorking = (row) => row.state === "ready" || row.state === "degraded";

/** What is there for other glasses and not for one. */
function lacking(state, stage) {
  const rows = state.stages.filter((row) => row.stage === stage);
  if (!rows.some(isWorking)) return []; // away for all: said once
  const serves = (row, name) => !row.kiosks?.length || row.kiosks.includes(name);
  const without = state.kiosks.filter(({ kiosk }) => !rows.some((row) => isWorking(row) && serves(row, kiosk)));
  return without.map(({ kiosk }) => `For “${kiosk}”: ${missingText(stage, rows.find((row) => serves(row, kiosk)))}`);
}

/** What stops a visit from happening, or from ending well. */
function faults(state) {
  const missing = NEEDED.filter((stage) => !state.stages.some((row) => row.stage === stage && isWorking(row)));
  const isUnheard = missing.some((stage) => !state.stages.some((row) => row.stage === stage));
  const bus = state.bus.ok ? [] : [`The bus is away${state.bus.detail ? `: ${state.bus.detail}` : "."}`];
  const traces = state.receipts.filter((receipt) => receipt.keys_left || receipt.files_left);
  return [
    ...bus,
    ...(state.standby ? [`This is the second: ${state.standby}.`] : []),
    ...missing.map((stage) => missingText(stage, state.stages.find((one) => one.stage === stage))),
    ...NEEDED.flatMap((stage) => lacking(state, stage)),
    ...(isUnheard && state.bus.ok ? [UNHEARD] : []),
    ...traces.map((receipt) => `A wipe left ${receipt.keys_left} keys and ${receipt.files_left} files.`),
  ];
}

/** What someone should look at when there is time. */
function worries(state) {
  const recent = state.turns.slice(-4).filter((turn) => turn.kind === "reply" && turn.latency_ms > SLOW_TURN_MS);
  return [
    ...state.kiosks.filter((kiosk) => kiosk.connected === false).map((kiosk) => `The glass “${kiosk.kiosk}” is not connected.`),
    ...state.kiosks.flatMap((kiosk) => kiosk.trouble.map((trouble) => `${kiosk.kiosk}: ${trouble.replaceAll("_", " ")}.`)),
    ...state.stages.filter((row) => row.state === "degraded").map(degradedText),
    ...state.stages.filter((row) => row.state === "standby").map(() => "A second session service stands by."),
    ...state.stages.filter(wasCovered).map((row) => `${NAMES[row.stage] ?? row.stage}: the second engine stepped in ${Math.round(row.covered_ago_s)} s ago.`),
    ...state.stages.filter((row) => row.lag_s > LAGGING_S).map((row) => `${NAMES[row.stage] ?? row.stage} ${verb(row.stage, "is", "are")} ${row.lag_s.toFixed(1)} s behind.`),
    ...(recent.length > 1 ? ["Answers are slow."] : []),
    ...(state.kiosks.length ? [] : ["No glass has connected yet."]),
  ];
}

/** @param {object | null} state As the server sends it; null: nothing heard. @returns {Health} */
export function health(state) {
  if (!state) return { level: "away", title: "No line to the mirror", reasons: ["Trying again."] };
  const ill = faults(state);
  const uneasy = worries(state);
  if (ill.length) return { level: "ill", title: "Not well", reasons: [...ill, ...uneasy] };
  if (uneasy.length) return { level: "uneasy", title: "Have a look", reasons: uneasy };
  return { level: "well", title: "Well", reasons: [] };
}

/** Seconds as m:ss. */
export function clockText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** How long ago, in the words one uses. */
export function agoText(seconds) {
  if (seconds < 60) return "just now";
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

/**
 * @param {{parts: {name: string, ms: number}[], latency_ms: number | null}} turn
 * @param {number} fullMs What fills the bar.
 * @returns {{name: string, ms: number, share: number}[]} Parts as shares of the bar, 0..1, together at most 1.
 */
export function bar(turn, fullMs) {
  let left = 1;
  return turn.parts.map(({ name, ms }) => {
    const share = Math.min(left, Math.max(0, ms / fullMs));
    left -= share;
    return { name, ms, share };
  });
}
