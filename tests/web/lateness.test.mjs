import assert from "node:assert/strict";
import { test } from "node:test";

import { Lateness } from "../../services/session/web/kiosk/lateness.js";

/** Which of these pictures, each [due, came], are shown. */
function shown(...pictures) {
  const lateness = new Lateness();
  return pictures.flatMap(([dueAt, now], index) => (lateness.leavesOut(dueAt, now) ? [] : [index]));
}

test("a hiccup leaves one picture out", () => {
  assert.deepEqual(shown([1.05, 1.0], [1.083, 1.2], [1.25, 1.2], [1.283, 1.23]), [0, 2, 3]);
});

test("what the eye forgives is shown", () => {
  assert.deepEqual(shown([1.0, 0.95], [1.03, 1.055]), [0, 1]);
});

test("a machine that is always late still shows what it has", () => {
  assert.deepEqual(shown([1.0, 1.1], [1.03, 1.13], [1.07, 1.17]), [1, 2]);
});

test("a picture of which nobody knows when it is due is never late", () => {
  assert.deepEqual(shown([0, 1.1], [0, 1.2]), [0, 1]);
});
