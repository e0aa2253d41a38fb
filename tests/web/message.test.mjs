import assert from "node:assert/strict";
import { test } from "node:test";

import { pack } from "../../services/session/web/shared/pack.js";
import { unpack } from "../../services/session/web/shared/unpack.js";
import * as wire from "../../services/session/web/shared/wire.js";

const down = (message) => wire.decodeDown(pack(message).buffer);

test("every message of the kiosk has a constructor of its name", () => {
  assert.deepEqual(Object.keys(wire.UP).filter((type) => typeof wire[type] !== "function"), []);
});

test("a message is filled with its defaults", () => {
  assert.deepEqual(unpack(wire.hello({ token: "t", language: undefined })), {
    type: "hello", token: "t", kiosk: "mirror", language: "", resume: "", heard_turn: 0, heard_sample: 0,
  });
  assert.equal(down({ type: "scene", look: "attract" }).crossing_s, 4);
});

test("a field that is missing or of the wrong kind is named", () => {
  assert.throws(() => wire.ping({}), /ping: sent is missing/);
  assert.throws(() => wire.played({ turn: 1.5, sample: 0, at: 0 }), /played: turn must be int/);
  assert.throws(() => wire.played({ turn: 1, sample: 0, at: NaN }), /played: at must be float/);
  assert.throws(() => down({ type: "frame", frame: 1, jpeg: "no", captured_at: 0 }), /frame: jpeg must be bytes/);
});

test("unknown fields are ignored, unknown messages are no one's", () => {
  assert.equal("news" in down({ type: "line", text: "a", news: 1 }), false);
  assert.equal(down({ type: "tomorrow" }), null);
  assert.equal(down({ type: "constructor" }), null);
  assert.equal(wire.decodeDown(pack(5).buffer), null);
});
