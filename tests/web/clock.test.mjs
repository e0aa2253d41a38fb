import assert from "node:assert/strict";
import { test } from "node:test";

import { wait } from "../../services/session/web/shared/backoff.js";
import { HostClock } from "../../services/session/web/shared/clock.js";

/** Ask once a second for `seconds`; `host` gives the host's clock for a true own time, `trip` the two ways in seconds. */
function asked(clock, seconds, host, trips, start = 100) {
  for (let index = 0; index < seconds; index += 1) {
    const sent = start + index;
    const [there, back] = trips(index);
    clock.add(sent, host(sent + there), sent + there + back);
  }
}

test("one answer is enough to begin", () => {
  const clock = new HostClock();
  assert.equal(clock.isSet, false);
  clock.add(10, 5010.001, 10.002);
  assert.ok(Math.abs(clock.toHost(20) - 5020) < 1e-9);
  assert.ok(Math.abs(clock.toOwn(5020) - 20) < 1e-9);
});

test("slow one-way trips do not move the clock", () => {
  const clock = new HostClock();
  const chance = (index) => ((index * 7919) % 97) / 97;
  asked(clock, 60, (own) => own + 1000, (index) => (index % 3 ? [0.001 + 0.08 * chance(index), 0.001] : [0.001, 0.001]));
  assert.ok(Math.abs(clock.toHost(160) - 1160) < 0.0005);
});

test("drift between two quartz clocks is followed", () => {
  const clock = new HostClock();
  asked(clock, 120, (own) => 1000 + own * 1.0001, () => [0.001, 0.001]);
  assert.ok(Math.abs(clock.toHost(222) - (1000 + 222 * 1.0001)) < 0.0005);
  assert.ok(Math.abs(clock.toOwn(clock.toHost(300)) - 300) < 1e-9);
});

test("a clock that began anew is believed at the first answer", () => {
  const clock = new HostClock();
  asked(clock, 30, (own) => own + 1000, () => [0.001, 0.001]);
  asked(clock, 1, (own) => own - 50, () => [0.001, 0.001], 140);
  assert.equal(clock.jumps, 1);
  assert.ok(Math.abs(clock.toHost(141) - 91) < 0.001);
});

test("answers that cannot be are ignored", () => {
  const clock = new HostClock();
  clock.add(10, 5, 9);
  clock.add(10, NaN, 11);
  assert.equal(clock.isSet, false);
});

test("waits between attempts grow up to five seconds, spread by a fifth", () => {
  const waits = [1, 2, 3, 5, 20].map((failures) => wait(failures, 0.5).toFixed(2));
  assert.deepEqual(waits, ["0.25", "0.33", "0.42", "0.71", "5.00"]);
  assert.deepEqual([wait(1, 0), wait(1, 1)].map((seconds) => seconds.toFixed(2)), ["0.20", "0.30"]);
});
