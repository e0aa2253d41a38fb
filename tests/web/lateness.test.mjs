import assert from "node:assert/strict";
import { test } from "node:test";

import { Lateness } from "../../services/session/web/kiosk/lateness.js";

/** Which of these pictures, each [due, came], are shown. */
function shown(...pictures) {
  const lateness = new Lateness();
  return pictures.flatMap(([dueAt, now], index) => (lateness.leavesOut(dueAt, now) ? [] : [index]));
}

test("a hiccup leaves out what is late", () => {
  assert.deepEqual(shown([1.05, 1.0], [1.083, 1.2], [1.117, 1.21], [1.25, 1.2], [1.283, 1.23]), [0, 3, 4]);
});

test("what the eye forgives is shown", () => {
  assert.deepEqual(shown([1.0, 0.95], [1.03, 1.055]), [0, 1]);
});

test("a machine that is always late still shows what it has", () => {
  const late = [0, 1, 2, 3, 4, 5].map((number) => [1 + 0.03 * number, 1.1 + 0.03 * number]);
  assert.deepEqual(shown(...late), [3, 4, 5]);
  assert.deepEqual(shown(...late, [1.3, 1.25], [1.3, 1.4]), [3, 4, 5, 6]);
});

test("a picture of which nobody knows when it is due is never late", () => {
  assert.deepEqual(shown([0, 1.1], [0, 1.2]), [0, 1]);
});
