import assert from "node:assert/strict";
import { test } from "node:test";

import { Presence } from "../../services/session/web/kiosk/presence.js";

const WIDTH = 32;
const HEIGHT = 24;
const STEP_S = 0.2;

/** A thumbnail: a wall, and someone from `left` to `right` (columns) whose brightness wavers. */
function thumbnail(at, someone, light = 1) {
  const rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  for (let index = 0; index < WIDTH * HEIGHT; index += 1) {
    const x = index % WIDTH;
    const y = Math.floor(index / WIDTH);
    const noise = ((index * 7919 + Math.round(at * 100) * 104729) % 7) - 3;
    const sway = someone?.sways ? 2 * Math.sin(at * 3) : 0;
    const isSomeone = someone && x >= someone.left + sway && x < someone.right + sway && y > 3;
    const value = light * ((isSomeone ? 60 + 25 * ((x + y) % 3) : 150) + noise);
    rgba.fill(value, index * 4, index * 4 + 3);
  }
  return rgba;
}

/** What presence says over `seconds` of a scene. */
function watch(presence, from, seconds, someone, light = () => 1) {
  const changes = [];
  for (let at = from; at < from + seconds; at += STEP_S) {
    const change = presence.see(thumbnail(at, someone, light(at)), at);
    if (change) changes.push([change, at - from]);
  }
  return changes;
}

const near = { left: 10, right: 22, sways: true };

test("an empty room is empty, also when the light changes", () => {
  const presence = new Presence();
  assert.deepEqual(watch(presence, 0, 60, null, (at) => 0.6 + 0.3 * Math.sin(at / 9)), []);
});

test("someone who steps up and moves has come within three seconds, once", () => {
  const presence = new Presence();
  watch(presence, 0, 5, null);
  const changes = watch(presence, 5, 30, near);
  assert.equal(changes.length, 1);
  assert.ok(changes[0][0] === "came" && changes[0][1] < 3);
});

test("someone small at the far wall has not come", () => {
  const presence = new Presence();
  watch(presence, 0, 5, null);
  assert.deepEqual(watch(presence, 5, 20, { left: 15, right: 17, sways: true }), []);
});

test("a chair left before the mirror has not come", () => {
  const presence = new Presence();
  watch(presence, 0, 5, null);
  assert.deepEqual(watch(presence, 5, 60, { left: 10, right: 22, sways: false }), []);
});

test("standing still is not leaving", () => {
  const presence = new Presence();
  watch(presence, 0, 5, null);
  watch(presence, 5, 10, near);
  assert.deepEqual(watch(presence, 15, 60, { ...near, sways: false }), []);
});

test("an empty room for eight seconds is leaving, and the next one is noticed", () => {
  const presence = new Presence();
  watch(presence, 0, 5, null);
  watch(presence, 5, 20, near);
  const changes = watch(presence, 25, 20, null);
  assert.equal(changes.length, 1);
  assert.ok(changes[0][0] === "left" && changes[0][1] >= 8 && changes[0][1] < 10);
  assert.equal(watch(presence, 45, 10, near)[0][0], "came");
});
