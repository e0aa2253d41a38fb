import assert from "node:assert/strict";
import { test } from "node:test";

import { Playout } from "../../services/session/web/kiosk/playout.js";

const BLOCK = 128;
const ones = (count) => new Float32Array(count).fill(0.5);

/** A loudspeaker that plays `count` frames at a time and keeps all it played. */
function speaker() {
  const reports = [];
  const playout = new Playout((report) => reports.push(report));
  const played = [];
  const run = (count) => {
    for (let left = count; left > 0; left -= BLOCK) {
      const out = new Float32Array(Math.min(BLOCK, left));
      playout.render(out, played.length);
      played.push(...out);
    }
  };
  const say = (turn, from, count, due, more = {}) =>
    playout.push({ turn, from, samples: ones(count), due, restart: false, isLast: false, ...more }, played.length);
  return { playout, played, reports, run, say };
}

const firstLoud = (played, from = 0) => played.findIndex((value, index) => index >= from && value > 0.001);

test("the first sample sounds at its due frame, and its report says so", () => {
  const { played, reports, run, say } = speaker();
  say(1, 0, 2400, 1000, { restart: true, isLast: true });
  run(4000);
  assert.ok(Math.abs(firstLoud(played) - 1000) <= 1);
  assert.deepEqual(reports[0], { turn: 1, sample: 0, frame: 1000, isEnd: false });
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 2400, frame: 3399, isEnd: true });
});

test("chunks of a turn follow each other without a gap", () => {
  const { played, run, say } = speaker();
  say(1, 0, 2400, 500, { restart: true });
  say(1, 2400, 2400, 2900);
  say(1, 4800, 2400, 5300, { isLast: true });
  run(9000);
  assert.ok(played.slice(600, 7600).every((value) => value === 0.5));
});

test("a late chunk is played at once and what follows is shifted with it", () => {
  const { playout, played, run, say } = speaker();
  say(1, 0, 2400, 0, { restart: true });
  run(3400);
  say(1, 2400, 2400, 2400);
  say(1, 4800, 2400, 4800, { isLast: true });
  run(6000);
  assert.equal(playout.queue.lag, 1000);
  assert.ok(Math.abs(firstLoud(played, 2500) - 3400) <= 2);
  assert.ok(played.slice(3500, 8000).every((value) => value === 0.5));
  assert.equal(playout.dry, 1);
});

test("a restart sets the schedule again after lateness", () => {
  const { playout, played, run, say } = speaker();
  say(1, 0, 2400, 0, { restart: true });
  run(3400);
  say(1, 2400, 2400, 2400);
  run(2600);
  say(1, 4800, 2400, 7000, { restart: true, isLast: true });
  run(4000);
  assert.equal(playout.queue.lag, 0);
  assert.ok(Math.abs(firstLoud(played, 6100) - 7000) <= 1);
});

test("every 100 ms of speech is reported", () => {
  const { reports, run, say } = speaker();
  say(1, 0, 24000, 0, { restart: true, isLast: true });
  run(25000);
  assert.equal(reports.length, 11);
  assert.ok(reports.slice(1).every((report, index) => report.sample - reports[index].sample <= 2402));
});

test("a hold ducks within 30 ms without stopping", () => {
  const { played, run, say, playout } = speaker();
  say(1, 0, 24000, 0, { restart: true, isLast: true });
  run(2048);
  playout.hold({ turn: 1, gain: 0.25, stop: false }, played.length);
  run(1024);
  assert.ok(Math.abs(played[2048 + 720] - 0.125) < 1e-6);
  playout.hold({ turn: 1, gain: 1, stop: false }, played.length);
  run(1024);
  assert.equal(played.at(-1), 0.5);
});

test("a stop stands still at once, says where, and loses no sample when it goes on", () => {
  const { played, reports, run, say, playout } = speaker();
  say(1, 0, 24000, 0, { restart: true, isLast: true });
  run(2048);
  playout.hold({ turn: 1, gain: 0, stop: true }, played.length);
  run(4096);
  assert.equal(played[2048 + 400], 0);
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 2408, frame: 2407, isEnd: false });
  playout.hold({ turn: 1, gain: 1, stop: false }, played.length);
  run(24000);
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 24000, frame: 6144 + (24000 - 2408) - 1, isEnd: true });
});

test("after a stop, a restart goes on from the sample it names and nothing is heard twice", () => {
  const { played, reports, run, say, playout } = speaker();
  say(1, 0, 4800, 0, { restart: true });
  run(2048);
  playout.hold({ turn: 1, gain: 0, stop: true }, played.length);
  run(1024);
  say(1, 2408, 2400, 4000, { restart: true, isLast: true });
  run(6000);
  assert.ok(Math.abs(firstLoud(played, 2500) - 4000) <= 1);
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 4808, frame: 6399, isEnd: true });
  assert.ok(Math.abs(played.filter((value) => value > 0).length - (2408 + 2400)) <= 4);
});

test("a hold taken back before its fade is over does not stop the voice", () => {
  const { played, run, say, playout } = speaker();
  say(1, 0, 24000, 0, { restart: true, isLast: true });
  run(2048);
  playout.hold({ turn: 1, gain: 0, stop: true }, played.length);
  run(128);
  playout.hold({ turn: 1, gain: 1, stop: false }, played.length);
  run(2048);
  assert.equal(playout.isHeld, false);
  assert.equal(played.at(-1), 0.5);
});

test("a flush is silent within 20 ms, reports the end, and refuses what is still on its way", () => {
  const { played, reports, run, say, playout } = speaker();
  say(3, 0, 24000, 0, { restart: true });
  run(2048);
  playout.flush(3, played.length);
  say(3, 24000, 2400, 24000);
  run(4096);
  assert.ok(played.slice(2048 + 480).every((value) => value === 0));
  assert.deepEqual(reports.at(-1), { turn: 3, sample: 2408, frame: 2407, isEnd: true });
  assert.equal(playout.queue.pieces.length, 0);
});

test("the next turn may be queued before the flush of the last has faded", () => {
  const { played, reports, run, say, playout } = speaker();
  say(1, 0, 24000, 0, { restart: true });
  run(2048);
  playout.flush(1, played.length);
  say(2, 0, 2400, 2200, { restart: true, isLast: true });
  run(6000);
  assert.deepEqual(reports.filter((report) => report.isEnd).map((report) => report.turn), [1, 2]);
  assert.ok(Math.abs(firstLoud(played, 2420) - 2408) <= 20);
  assert.equal(played[4000], 0.5);
});

test("a flush while standing still ends the turn where it stood", () => {
  const { reports, run, say, playout, played } = speaker();
  say(1, 0, 24000, 0, { restart: true });
  run(2048);
  playout.hold({ turn: 1, gain: 0, stop: true }, played.length);
  run(1024);
  playout.flush(1, played.length);
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 2408, frame: 3072, isEnd: true });
  assert.equal(playout.isHeld, false);
});

test("a flush of a turn that never sounded reports that nothing of it was heard", () => {
  const { reports, say, playout } = speaker();
  say(4, 0, 2400, 9000, { restart: true });
  playout.flush(4, 100);
  assert.deepEqual(reports, [{ turn: 4, sample: 0, frame: 100, isEnd: true }]);
});

test("drifting clocks are followed without a gap and without losing a sample", () => {
  const { reports, run, say, played } = speaker();
  const drift = 1.0002; // the loudspeaker runs 200 ppm fast: dues are further apart in its frames
  for (let chunk = 0; chunk < 600; chunk += 1) {
    say(1, chunk * 2400, 2400, Math.round(chunk * 2400 * drift), { restart: chunk === 0, isLast: chunk === 599 });
    if (chunk > 0) run(2400);
  }
  run(7200);
  const end = reports.at(-1);
  assert.equal(end.sample, 1_440_000);
  assert.ok(Math.abs(end.frame - 1_440_000 * drift) < 120, `${end.frame - 1_440_000 * drift} frames off`);
  assert.ok(played.slice(100, 1_430_000).every((value) => value > 0.49));
});

test("speech that arrives twice is heard once", () => {
  const { reports, run, say } = speaker();
  say(1, 0, 2400, 0, { restart: true });
  say(1, 0, 2400, 0);
  say(1, 1200, 2400, 1200, { isLast: true });
  run(8000);
  assert.deepEqual(reports.at(-1), { turn: 1, sample: 3600, frame: 3599, isEnd: true });
});

test("what has sounded is not said again when a line that broke is taken up", () => {
  const { played, reports, run, say } = speaker();
  say(1, 0, 4800, 0, { restart: true });
  run(3072);
  say(1, 2400, 2400, 4000, { restart: true });
  say(1, 4800, 2400, 6400, { isLast: true });
  run(9000);
  assert.ok(Math.abs(played.filter((value) => value > 0).length - 7200) <= 8);
  assert.ok(Math.abs(firstLoud(played, 3200) - (4000 + 672)) <= 1);
  assert.equal(reports.at(-1).sample, 7200);
});

test("a turn that sounded whole while the line was broken is reported as over when it is taken up", () => {
  const { played, reports, run, say } = speaker();
  say(1, 0, 2400, 0, { restart: true });
  say(1, 2400, 2400, 2400, { isLast: true });
  run(6000);
  const told = reports.length;
  say(1, 1200, 1200, 7000, { restart: true });
  say(1, 2400, 2400, 8200, { isLast: true });
  run(9000);
  assert.equal(played.filter((value) => value > 0).length, 4800);
  assert.equal(reports.length, told + 1);
  assert.deepEqual([reports.at(-1).sample, reports.at(-1).isEnd], [4800, true]);
});

test("whatever happens in whatever order, reports never claim more than was given, and a flush ends in silence", () => {
  let seed = 7;
  const chance = (limit) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return seed % limit;
  };
  for (let round = 0; round < 60; round += 1) {
    const { playout, played, reports, run, say } = speaker();
    const given = new Map();
    for (let step = 0; step < 40; step += 1) {
      const turn = 1 + chance(3);
      const from = given.get(turn) ?? 0;
      const act = chance(7);
      if (act < 3) {
        const count = 240 * (1 + chance(10));
        say(turn, from, count, played.length + chance(4000), { restart: chance(3) === 0, isLast: chance(6) === 0 });
        given.set(turn, from + count);
      } else if (act === 3) playout.hold({ turn, gain: chance(2) / 2, stop: chance(2) === 0 }, played.length);
      else if (act === 4 && chance(3) === 0) playout.flush(turn, played.length);
      else run(BLOCK * chance(20));
    }
    playout.flush(9, played.length);
    run(512);
    assert.ok(played.slice(-64).every((value) => value === 0));
    assert.ok(played.every((value) => value >= 0 && value <= 0.5));
    for (const report of reports) assert.ok(report.sample <= (given.get(report.turn) ?? 0));
  }
});
