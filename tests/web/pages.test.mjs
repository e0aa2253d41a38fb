import assert from "node:assert/strict";
import { test } from "node:test";

import { readSettings } from "../../services/session/web/kiosk/settings.js";
import { Least, Median } from "../../services/session/web/kiosk/steady.js";
import { Troubles } from "../../services/session/web/kiosk/troubles.js";
import { agoText, bar, care, clockText, health } from "../../services/session/web/operator/health.js";

const stage = (name, more = {}) => ({ stage: name, state: "ready", lag_s: 0, ...more });
const well = {
  kiosks: [{ kiosk: "mirror", trouble: [] }],
  stages: ["asr", "llm", "tts", "a2f_bridge", "faceswap"].map((name) => stage(name)),
  turns: [], receipts: [], bus: { ok: true, detail: "" },
};

test("a mirror with every stage, a glass and nothing left over is well", () => {
  assert.deepEqual(health(well), { level: "well", title: "Well", reasons: [] });
});

test("what stops a visit makes it ill and is named; what can wait makes it uneasy", () => {
  const without = { ...well, stages: well.stages.filter((row) => row.stage !== "tts") };
  assert.equal(health(without).reasons[0], "Voice has not been heard.");
  assert.match(health(without).reasons[1], /mirror stage ls/);
  assert.equal(health({ ...well, stages: well.stages.slice(0, 3) }).reasons[0], "Lips have not been heard.");
  assert.equal(health({ ...well, bus: { ok: false, detail: "refused" } }).level, "ill");
  assert.equal(health({ ...well, receipts: [{ keys_left: 1, files_left: 0 }] }).level, "ill");
  assert.equal(health({ ...well, stages: [...well.stages.slice(1), stage("asr", { state: "degraded" })] }).level, "uneasy");
  assert.equal(health({ ...well, kiosks: [] }).level, "uneasy");
  assert.equal(health(null).level, "away");
});

test("a stage that cannot start says why, and that nobody need start it", () => {
  const row = stage("asr", { state: "failed", last_error: "model file a.onnx is not in /models; run `mirror models pull`" });
  const told = health({ ...well, stages: [row, ...well.stages.slice(1)] });
  assert.deepEqual(told.reasons, ["Hearing cannot start: model file a.onnx is not in /models; run `mirror models pull`."]);
  assert.match(care(row), /by itself/);
});

test("a stage that is away for one glass alone is named with it", () => {
  const pair = ["left", "right"].map((name) => stage("faceswap", { kiosks: [name] }));
  const two = { ...well, kiosks: pair.map(({ kiosks }) => ({ kiosk: kiosks[0], trouble: [] })), stages: [...well.stages.slice(0, 4), ...pair] };
  assert.equal(health(two).level, "well");
  pair[1].state = "away";
  assert.equal(health(two).level, "ill");
  assert.match(health(two).reasons[0], /^For “right”: .* is away\.$/);
  assert.match(health({ ...two, stages: two.stages.slice(0, 5) }).reasons[0], /^For “right”: .* has not been heard\.$/);
});

test("a degraded stage says what speaks now, why, and what the visitor notices", () => {
  const row = stage("tts", { state: "degraded", engine: "piper", device: "cpu", last_error: "f5: CUDA out of memory\nat line 3" });
  const told = health({ ...well, stages: [...well.stages.slice(0, 2), row, ...well.stages.slice(3)] });
  assert.equal(told.level, "uneasy");
  assert.deepEqual(told.reasons, ["Voice is degraded, now piper on cpu: f5: CUDA out of memory."]);
  assert.match(care(row), /may not sound like the visitor.*Look at the card's memory.*mirror doctor/);
  assert.equal(care(stage("tts")), "");
});

test("a long reason is cut in the head of the page", () => {
  const row = stage("llm", { state: "degraded", last_error: "x".repeat(500) });
  assert.ok(health({ ...well, stages: [row, ...well.stages.slice(1), stage("asr")] }).reasons[0].length < 220);
});

test("a second engine that stepped in is told for a minute, then only counted", () => {
  const covered = (ago) => health({ ...well, stages: [stage("llm", { fallbacks: 1, covered_ago_s: ago }), ...well.stages] });
  assert.deepEqual(covered(12.4).reasons, ["Words: the second engine stepped in 12 s ago."]);
  assert.equal(covered(61).level, "well");
  assert.equal(covered(null).level, "well");
});

test("a stage is well as long as one of its workers is", () => {
  assert.equal(health({ ...well, stages: [stage("asr", { state: "away" }), ...well.stages] }).level, "well");
});

test("a turn's parts fill its bar in order and never overflow it", () => {
  const parts = bar({ parts: [{ name: "a", ms: 500 }, { name: "b", ms: 1000 }, { name: "c", ms: 9000 }] }, 2000);
  assert.deepEqual(parts.map((part) => part.share), [0.25, 0.5, 0.25]);
});

test("times are said as people say them", () => {
  assert.deepEqual([clockText(299.6), clockText(61), clockText(-3)], ["5:00", "1:01", "0:00"]);
  assert.deepEqual([agoText(20), agoText(300), agoText(7200)], ["just now", "5 min ago", "2 h ago"]);
});

test("the address may leave everything to its defaults", () => {
  assert.deepEqual(readSettings("?token=t"), {
    token: "t", kiosk: "mirror", language: "", cleaning: { echo: true, noise: false, gain: false }, watches: true,
  });
  assert.equal(readSettings("?noise=on&presence=off").watches, false);
  assert.equal(readSettings("?noise=on").cleaning.noise, true);
});

test("the worst trouble is said, in the visitor's language, until it is over", () => {
  const told = [];
  const troubles = new Troubles((trouble) => told.push(Object.values(trouble)), () => {});
  troubles.set("no_camera", "gone");
  troubles.set("away", "no line");
  troubles.set("away", "no line");
  troubles.set("taken", null);
  assert.match(troubles.line("nl"), /spiegel is er even niet/);
  troubles.set("away", null);
  assert.match(troubles.line("fr"), /cannot see/);
  troubles.set("no_camera", null);
  assert.equal(troubles.line("en"), "");
  assert.deepEqual(told, [
    ["no_camera", "gone", false], ["away", "no line", false], ["away", "", true], ["no_camera", "", true],
  ]);
});

test("steady readings ignore outliers", () => {
  const median = new Median(5);
  for (const reading of [1, 1.1, 50, 0.9, 1]) median.add(reading);
  assert.equal(median.value, 1);
  const least = new Least(3);
  assert.deepEqual([5, 3, 8, 9, 7].map((reading) => least.add(reading)), [5, 3, 3, 3, 7]);
});
