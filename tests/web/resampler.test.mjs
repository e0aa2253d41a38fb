import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler } from "../../services/session/web/shared/resampler.js";

const sine = (hz, rate, count) => Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));

/** `samples` through a resampler in blocks of `block`. */
function through(resampler, samples, block = 128) {
  const out = [];
  for (let at = 0; at < samples.length; at += block) out.push(...resampler.push(samples.subarray(at, at + block)));
  return out;
}

const rms = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

for (const rate of [48000, 44100, 24000, 16000]) {
  test(`a second at ${rate} Hz becomes a second at 16 kHz, as loud`, () => {
    const out = through(new Resampler(rate, 16000), sine(440, rate, rate));
    assert.ok(Math.abs(out.length - 16000) < 40);
    assert.ok(Math.abs(rms(out.slice(200)) - 0.5 / Math.SQRT2) < 0.002);
  });
}

test("what 16 kHz cannot hold does not fold back", () => {
  const out = through(new Resampler(48000, 16000), sine(9500, 48000, 48000));
  assert.ok(rms(out.slice(200)) < 0.001);
});

test("blocks of any size give the same samples", () => {
  const input = sine(440, 44100, 4410);
  const whole = through(new Resampler(44100, 16000), input, 128);
  const pieces = through(new Resampler(44100, 16000), input, 37);
  assert.ok(Math.abs(whole.length - pieces.length) < 48);
  assert.ok(pieces.slice(0, 1500).every((value, index) => Math.abs(value - whole[index]) < 1e-6));
});

test("an impulse comes out where it went in", () => {
  const input = new Float32Array(4800);
  input[2400] = 1;
  const out = through(new Resampler(48000, 16000), input);
  assert.equal(out.indexOf(Math.max(...out)), 800);
});
