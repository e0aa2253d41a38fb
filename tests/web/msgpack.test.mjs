import assert from "node:assert/strict";
import { test } from "node:test";

import { pack } from "../../services/session/web/shared/pack.js";
import { unpack } from "../../services/session/web/shared/unpack.js";

const hex = (text) => Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));

test("every kind of value comes back as it went", () => {
  const value = {
    none: null, yes: true, no: false, text: "spiegel 鏡 \u{1fa9e}", long: "x".repeat(70_000),
    bytes: new Uint8Array([0, 127, 255]), many: new Uint8Array(70_000).fill(7), list: Array.from({ length: 20 }, (_, i) => i),
    map: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])), half: 0.5, minusZero: -0,
    numbers: [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, -1, -32, -33, -128, -129,
      -32768, -32769, Number.MIN_SAFE_INTEGER, 1e300, -1.5],
  };
  assert.deepEqual(unpack(pack(value)), value);
});

test("numbers take the form that the specification gives them", () => {
  assert.deepEqual(pack(5), hex("05"));
  assert.deepEqual(pack(-5), hex("fb"));
  assert.deepEqual(pack(200), hex("ccc8"));
  assert.deepEqual(pack(1.5), hex("cb3ff8000000000000"));
});

test("the narrow forms of other writers are read", () => {
  assert.equal(unpack(hex("ca3fc00000")), 1.5);
  assert.equal(unpack(hex("d080")), -128);
  assert.equal(unpack(hex("d18000")), -32768);
  assert.equal(unpack(hex("d280000000")), -2147483648);
  assert.equal(unpack(hex("cf0000000100000000")), 4294967296);
});

test("a view into a larger buffer is read where it begins", () => {
  assert.equal(unpack(hex("ffff93010203ff").subarray(2, 6)).length, 3);
});

test("what is cut short, too long, unknown or too deep is refused", () => {
  const whole = pack({ pcm: new Uint8Array(640), seq: 3 });
  for (let length = 0; length < whole.length; length += 1) assert.throws(() => unpack(whole.subarray(0, length)));
  assert.throws(() => unpack(hex("0505")), /after the end/);
  assert.throws(() => unpack(hex("c1")), /0xc1/);
  assert.throws(() => unpack(hex("d40101")), /0xd4/);
  assert.throws(() => unpack(new Uint8Array(100).fill(0x91)), /deep/);
  assert.throws(() => unpack(hex("810102")), /keys/);
  assert.throws(() => unpack(hex("a2c328")), TypeError);
});
