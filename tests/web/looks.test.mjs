import assert from "node:assert/strict";
import { test } from "node:test";

import { SIDE, arrivals, veil } from "../../services/session/web/kiosk/crossing.js";
import { Fidelity, LEVELS } from "../../services/session/web/kiosk/fidelity.js";
import { Appearance, LOOKS, Way } from "../../services/session/web/kiosk/looks.js";
import { place } from "../../services/session/web/kiosk/placing.js";

test("a way is slow at both ends, and may be changed halfway without a jump", () => {
  const way = new Way(0);
  way.toward(1, 10, 4);
  assert.equal(way.at(10), 0);
  assert.equal(way.at(12), 0.5);
  assert.ok(way.at(10.4) < 0.05);
  way.toward(0, 12, 2);
  assert.equal(way.at(12), 0.5);
  assert.equal(way.at(14), 0);
});

test("no look changes anything at once: nothing flashes", () => {
  for (const from of Object.keys(LOOKS)) {
    for (const to of Object.keys(LOOKS)) {
      const appearance = new Appearance();
      appearance.become(from, 0, 4);
      const before = appearance.at(20, true);
      appearance.become(to, 20, 4);
      const after = appearance.at(20.03, true);
      for (const key of ["light", "clarity", "copy", "breath"]) assert.ok(Math.abs(after[key] - before[key]) < 0.01);
    }
  }
});

test("the reflection stays until the copy is awake, and then takes the whole crossing", () => {
  const appearance = new Appearance();
  appearance.become("mirror", 0, 4);
  appearance.become("crossing", 10, 4);
  assert.equal(appearance.at(15, false).copy, 0);
  assert.equal(appearance.at(20, true).copy, 0);
  assert.equal(appearance.at(22, true).copy, 0.5);
  assert.equal(appearance.at(24, true).copy, 1);
});

test("a look nobody knows changes nothing", () => {
  const appearance = new Appearance();
  appearance.become("copy", 0, 4);
  appearance.become("tomorrow", 1, 4);
  assert.equal(appearance.look, "copy");
});

test("the crossing is a whole reflection before, a whole copy after, and never goes back", () => {
  const times = arrivals();
  const points = new Uint8ClampedArray(SIDE * SIDE * 4);
  let before = new Uint8ClampedArray(SIDE * SIDE * 4);
  for (let step = 0; step <= 100; step += 1) {
    veil(times, step / 100, points);
    assert.ok(points.every((value, index) => value >= before[index]));
    before = points.slice();
    if (step === 0) assert.ok(points.every((value) => value === 0));
  }
  for (let index = 3; index < points.length; index += 4) assert.equal(points[index], 255);
});

test("the face crosses before the corners do", () => {
  const times = arrivals();
  const face = times[Math.round(SIDE * 0.42) * SIDE + SIDE / 2];
  assert.ok(face < 0.3 && times[0] > 0.6 && times.at(-1) > 0.6);
});

test("a tall glass is filled; a wide one is filled in height, and its sides stay black", () => {
  assert.deepEqual(place(640, 480, 1080, 1920), { x: -740, y: 0, width: 2560, height: 1920 });
  const wide = place(640, 480, 1920, 1080);
  assert.ok(wide.width < 1920 && wide.height >= 1080 && wide.y <= 0);
});

test("a slow machine paints less finely, a quick one as finely as can be", () => {
  const slow = new Fidelity();
  const quick = new Fidelity();
  for (let count = 0; count < 300; count += 1) {
    slow.spend(70);
    quick.spend(33);
    quick.spend(5000);
  }
  assert.deepEqual(slow.pixels, LEVELS.at(-1));
  assert.deepEqual(quick.pixels, LEVELS[0]);
});
