/** Stages, turns and receipts. */

import { element, refresh } from "./dom.js";
import { NAMES, agoText, bar, care, wasCovered } from "./health.js";

const ORDER = ["asr", "llm", "tts", "a2f_bridge", "faceswap", "session"];
const FULL_MS = 2000;
const GOALS_MS = [800, 1500]; // the budget: half of the turns, nearly all of them
const SHOWN_TURNS = 12;
const SHOWN_RECEIPTS = 5;

/** The parts of a turn in the order of their first appearance, so that a colour keeps its meaning. */
const partNames = (turns) => [...new Set(turns.flatMap((turn) => turn.parts.map((part) => part.name)))];

/** How often, in the words one uses. */
const times = (count) => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);

function stage(row) {
  const bound = row.kiosks?.length ? `for ${row.kiosks.join(", ")}` : "";
  const detail = [bound, row.engine, row.device, row.version, row.detail].filter(Boolean).join(" · ");
  const covered = row.covered_ago_s == null ? "" : `, last ${agoText(row.covered_ago_s)}`;
  // A first engine that is back again leaves its reason standing for a while, quietly.
  const why = row.last_error && (row.state !== "ready" || wasCovered(row)) ? row.last_error : "";
  const todo = care(row);
  const counts = [
    row.lag_s > 0.25 ? `${row.lag_s.toFixed(1)} s behind` : "",
    row.fallbacks ? `second engine stepped in ${times(row.fallbacks)}${covered}` : "",
    row.restarts ? `started again ${times(row.restarts)}` : "",
    row.failures ? `failed ${times(row.failures)}` : "",
    row.state === "away" ? `silent for ${Math.round(row.age_s)} s` : "",
  ].filter(Boolean);
  return element("li", { "data-state": row.state, ...(wasCovered(row) ? { "data-covered": "" } : {}) },
    element("span.mark", { "aria-hidden": "true" }),
    element("b", {}, NAMES[row.stage] ?? row.stage),
    element("span.engine", {}, detail),
    element("span.state", {}, row.state),
    ...(counts.length ? [element("span.counts", {}, counts.join(" · "))] : []),
    ...(why ? [element("span.error", {}, why)] : []),
    ...(todo ? [element("span.todo", {}, todo)] : []));
}

/** Which glass it was, where there are several. */
const whose = (row, isOne) => (isOne || !row.kiosk ? "" : `${row.kiosk}: `);

function turn(row, names, isOne) {
  const parts = bar(row, FULL_MS).map(({ name, ms, share }) => {
    const style = `width:${(100 * share).toFixed(2)}%`;
    return element("i", { style, "data-part": String(names.indexOf(name) % 6), title: `${name}: ${Math.round(ms)} ms` });
  });
  const time = row.latency_ms === null ? "–" : Math.round(row.latency_ms).toLocaleString("en");
  return element("li", { "data-kind": row.kind },
    element("span.number", {}, String(row.turn)),
    element("span.kind", {}, whose(row, isOne) + (row.was_cut ? `${row.kind}, cut` : row.kind)),
    element("span.bar", {}, ...parts, ...GOALS_MS.map((ms) => element("u", { style: `left:${(100 * ms) / FULL_MS}%` }))),
    element("span.ms", {}, time));
}

function receipt(row, isOne) {
  const isClean = !row.keys_left && !row.files_left;
  const what = isClean ? "nothing left" : `${row.keys_left} keys, ${row.files_left} files left`;
  return element("li", { "data-state": isClean ? "ready" : "away" },
    element("span.mark", { "aria-hidden": "true" }),
    element("b", {}, what),
    element("span.engine", {}, whose(row, isOne) + row.reason),
    element("span.state", {}, row.ago_s === undefined ? "" : agoText(row.ago_s)));
}

/** What stands where nothing has happened yet. */
const none = (text) => [element("li.none", {}, text)];

/** @param {ParentNode} page @param {object} state */
export function showLists(page, state) {
  const place = (one) => (ORDER.indexOf(one.stage) + 1 || ORDER.length + 1);
  const stages = [...state.stages].sort((a, b) => place(a) - place(b));
  refresh(page.querySelector("#stages ol"), stages.length ? stages.map(stage) : none("No stage has been heard yet."));
  const isOne = state.kiosks.length < 2;
  page.querySelector("#turns").classList.toggle("several", !isOne);
  const turns = state.turns.slice(-SHOWN_TURNS).reverse();
  const names = partNames(state.turns);
  refresh(page.querySelector("#turns ol"), turns.length ? turns.map((row) => turn(row, names, isOne)) : none("Nobody has spoken yet."));
  const legend = names.map((name, index) => element("span", { "data-part": String(index % 6) }, name));
  refresh(page.querySelector("#turns footer"), [...legend, element("em", {}, "lines at 800 and 1500 ms")]);
  const receipts = state.receipts.slice(-SHOWN_RECEIPTS).reverse();
  refresh(page.querySelector("#receipts ol"), receipts.length ? receipts.map((row) => receipt(row, isOne)) : none("Nobody has been here yet."));
}
