/** What kiosk and session say to each other. Generated from `shared/kiosk_wire.py` by `make docs`: do not edit. */

import { checked } from "./message.js";
import { pack } from "./pack.js";
import { unpack } from "./unpack.js";

/** Bytes; a longer message closes the socket. */
export const MAX_MESSAGE = 4500000;

/** What the kiosk may say. */
export const UP = {
  hello: { token: { kind: "str" }, kiosk: { kind: "str", default: "mirror" }, language: { kind: "str", default: "" }, resume: { kind: "str", default: "" }, heard_turn: { kind: "int", default: 0 }, heard_sample: { kind: "int", default: 0 } },
  ping: { sent: { kind: "float" } },
  approach: {},
  leave: {},
  audio: { seq: { kind: "int" }, pcm: { kind: "bytes" }, rate: { kind: "int", default: 16000 }, captured_at: { kind: "float", default: 0.0 } },
  camera: { burst: { kind: "int" }, index: { kind: "int" }, jpeg: { kind: "bytes" }, is_last: { kind: "bool", default: false } },
  played: { turn: { kind: "int" }, sample: { kind: "int" }, at: { kind: "float" }, is_end: { kind: "bool", default: false } },
  shown: { frame: { kind: "int" }, at: { kind: "float" } },
  trouble: { what: { kind: "str" }, detail: { kind: "str", default: "" }, is_over: { kind: "bool", default: false } },
};

/** What the kiosk may hear. */
export const DOWN = {
  welcome: { kiosk: { kind: "str" }, languages: { kind: "str[]" }, subtitles: { kind: "bool" }, version: { kind: "str" }, invitation: { kind: "{str: str}", default: {} } },
  pong: { sent: { kind: "float" }, host: { kind: "float" } },
  scene: { look: { kind: "str" }, session: { kind: "str", default: "" }, scene: { kind: "str", default: "" }, language: { kind: "str", default: "en" }, ends_at: { kind: "float", default: 0.0 }, crossing_s: { kind: "float", default: 4.0 } },
  line: { text: { kind: "str" } },
  subtitle: { speaker: { kind: "str" }, text: { kind: "str" }, is_final: { kind: "bool", default: true } },
  listening: { is_open: { kind: "bool" }, hears_speech: { kind: "bool", default: false } },
  speech: { turn: { kind: "int" }, from_sample: { kind: "int" }, pcm: { kind: "bytes" }, due: { kind: "float" }, restart: { kind: "bool", default: false }, is_last: { kind: "bool", default: false } },
  hold: { turn: { kind: "int" }, gain: { kind: "float" }, stop: { kind: "bool", default: false } },
  flush: { turn: { kind: "int" } },
  frame: { frame: { kind: "int" }, jpeg: { kind: "bytes" }, captured_at: { kind: "float" }, pose_due_at: { kind: "float", default: 0.0 } },
  capture: { burst: { kind: "int" }, frames: { kind: "int", default: 8 }, seconds: { kind: "float", default: 1.0 } },
  forgotten: { session: { kind: "str" }, keys_left: { kind: "int" }, files_left: { kind: "int" }, at: { kind: "float" } },
  refused: { reason: { kind: "str" }, detail: { kind: "str" } },
};

/**
 * You are the kiosk.
 * @typedef {object} Welcome
 * @property {"welcome"} type
 * @property {string} kiosk
 * @property {string[]} languages
 * @property {boolean} subtitles
 * @property {string} version
 * @property {Record<string, string>} invitation Per language: the one line of the attract picture.
 */

/**
 * Clock answer.
 * @typedef {object} Pong
 * @property {"pong"} type
 * @property {number} sent As asked.
 * @property {number} host Host clock, seconds, when the question was read.
 */

/**
 * Where the visit is. The page's look follows `look` alone.
 * @typedef {object} Scene
 * @property {"scene"} type
 * @property {string} look attract (waiting), consent (asking), mirror (plain reflection), crossing (reflection becomes copy), copy (the copy), farewell, dark.
 * @property {string} session
 * @property {string} scene
 * @property {string} language
 * @property {number} ends_at Host clock, seconds, when the visit ends; 0 outside one.
 * @property {number} crossing_s
 */

/**
 * One line of type on the glass, or none (empty). Not a subtitle: the play's own words for the eye.
 * @typedef {object} Line
 * @property {"line"} type
 * @property {string} text
 */

/**
 * What is being said, if subtitles are on.
 * @typedef {object} Subtitle
 * @property {"subtitle"} type
 * @property {string} speaker
 * @property {string} text
 * @property {boolean} is_final
 */

/**
 * Whether the mirror listens now, and whether it hears speech: a sign of life, drawn not written.
 * @typedef {object} Listening
 * @property {"listening"} type
 * @property {boolean} is_open
 * @property {boolean} hears_speech
 */

/**
 * Up to 100 ms of the mirror's voice, 24 kHz mono int16 little-endian, due at the loudspeaker at `due`. Chunks of
 * one turn without a gap have dues that follow each other exactly. A chunk that comes late is played at once and
 * what follows is shifted with it; the next Speech with `restart` sets the schedule again.
 * @typedef {object} Speech
 * @property {"speech"} type
 * @property {number} turn
 * @property {number} from_sample
 * @property {Uint8Array} pcm
 * @property {number} due
 * @property {boolean} restart `due` is a new anchor: the first chunk, after a gap, after a hold.
 * @property {boolean} is_last
 */

/**
 * The visitor may be speaking: fade to `gain` within 30 ms and, if `stop`, stand still at once and say where
 * (Played). With `stop` the queue of the turn is dropped; if it goes on, the session sends it again from there
 * with `restart`. Without it, a later Hold with `gain` 1 ends the ducking.
 * @typedef {object} Hold
 * @property {"hold"} type
 * @property {number} turn
 * @property {number} gain
 * @property {boolean} stop
 */

/**
 * Forget every queued sample up to and including `turn`; fade out within 20 ms; report with Played is_end.
 * @typedef {object} Flush
 * @property {"flush"} type
 * @property {number} turn
 */

/**
 * One picture of the mirror; show it now, the newest wins, answer with Shown.
 * @typedef {object} Frame
 * @property {"frame"} type
 * @property {number} frame
 * @property {Uint8Array} jpeg
 * @property {number} captured_at
 * @property {number} pose_due_at
 */

/**
 * Take a burst with the camera: `frames` pictures over `seconds`.
 * @typedef {object} Capture
 * @property {"capture"} type
 * @property {number} burst
 * @property {number} frames
 * @property {number} seconds
 */

/**
 * The wipe's receipt: the kiosk drops its own buffers too, then shows the attract picture.
 * @typedef {object} Forgotten
 * @property {"forgotten"} type
 * @property {string} session
 * @property {number} keys_left
 * @property {number} files_left
 * @property {number} at
 */

/**
 * One message could not be used; nothing else was harmed. After a refused Hello the socket is closed.
 * @typedef {object} Refused
 * @property {"refused"} type
 * @property {string} reason
 * @property {string} detail
 */

/** @typedef {Welcome | Pong | Scene | Line | Subtitle | Listening | Speech | Hold | Flush | Frame | Capture | Forgotten | Refused} Down */

/**
 * First message. Anything else first, or a wrong token, closes the socket (4401); a second kiosk is refused
 * (4409).
 * @param {object} fields
 * @param {string} fields.token
 * @param {string} [fields.kiosk]
 * @param {string} [fields.language] Wished for; empty: the script's first.
 * @param {string} [fields.resume] Session to go on with after a lost connection, or empty.
 * @param {number} [fields.heard_turn] Of that session: the turn of the mirror's speech that sounded last; 0: none.
 * @param {number} [fields.heard_sample] How much of it has sounded: what comes next is said, what was heard is not said again.
 * @returns {Uint8Array}
 */
export function hello(fields) {
  return pack(checked("hello", UP.hello, fields));
}

/**
 * Clock question: answered at once by Pong.
 * @param {object} fields
 * @param {number} fields.sent The kiosk's own clock, seconds; comes back unchanged.
 * @returns {Uint8Array}
 */
export function ping(fields) {
  return pack(checked("ping", UP.ping, fields));
}

/**
 * A visitor stands before the mirror (seen by the camera, or a touch): begin a visit.
 * @returns {Uint8Array}
 */
export function approach() {
  return pack(checked("approach", UP.approach, {}));
}

/**
 * Nobody is there any more.
 * @returns {Uint8Array}
 */
export function leave() {
  return pack(checked("leave", UP.leave, {}));
}

/**
 * 20 ms from the microphone, 16 kHz mono int16 little-endian: 640 bytes. `seq` rises by one; a gap is filled with
 * silence.
 * @param {object} fields
 * @param {number} fields.seq
 * @param {Uint8Array} fields.pcm
 * @param {number} [fields.rate]
 * @param {number} [fields.captured_at] Host clock, seconds, when the last of these samples reached the microphone; 0: not known.
 * @returns {Uint8Array}
 */
export function audio(fields) {
  return pack(checked("audio", UP.audio, fields));
}

/**
 * One frame of the burst that Capture asked for. JPEG, unmirrored.
 * @param {object} fields
 * @param {number} fields.burst
 * @param {number} fields.index
 * @param {Uint8Array} fields.jpeg
 * @param {boolean} [fields.is_last]
 * @returns {Uint8Array}
 */
export function camera(fields) {
  return pack(checked("camera", UP.camera, fields));
}

/**
 * Truth about the loudspeaker: sample `sample` of the turn left it at `at`. Sent every 100 ms, at start, cut and
 * end.
 * @param {object} fields
 * @param {number} fields.turn
 * @param {number} fields.sample
 * @param {number} fields.at Host clock, seconds (kiosk clock plus its offset), device latency included.
 * @param {boolean} [fields.is_end]
 * @returns {Uint8Array}
 */
export function played(fields) {
  return pack(checked("played", UP.played, fields));
}

/**
 * Truth about the glass: frame `frame` was painted at `at`. Also the acknowledgement: at most two frames are in
 * flight.
 * @param {object} fields
 * @param {number} fields.frame
 * @param {number} fields.at
 * @returns {Uint8Array}
 */
export function shown(fields) {
  return pack(checked("shown", UP.shown, fields));
}

/**
 * The kiosk cannot do its part: no microphone, no camera, sound blocked, clock lost. Shown to the operator.
 * @param {object} fields
 * @param {string} fields.what
 * @param {string} [fields.detail]
 * @param {boolean} [fields.is_over] It has healed: no longer shown.
 * @returns {Uint8Array}
 */
export function trouble(fields) {
  return pack(checked("trouble", UP.trouble, fields));
}

/**
 * @param {ArrayBuffer} payload One message of the session service.
 * @returns {Down | null} Null: a message newer than this page.
 * @throws {TypeError | RangeError} Not MessagePack, or a field is missing or of the wrong kind.
 */
export function decodeDown(payload) {
  const given = unpack(new Uint8Array(payload));
  const fields = Object.hasOwn(DOWN, given?.type) ? DOWN[given.type] : null;
  return fields ? /** @type {Down} */ (checked(given.type, fields, given)) : null;
}
