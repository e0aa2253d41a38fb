/**
 * Writing MessagePack, as much of it as the mirror speaks: null, booleans, numbers, text, bytes, arrays, maps with text
 * keys. Pure. The format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */

const TEXT_OUT = new TextEncoder();

/** Bytes that grow as they are written. */
class Sink {
  constructor() {
    this.bytes = new Uint8Array(1024);
    this.view = new DataView(this.bytes.buffer);
    this.length = 0;
  }

  /** Make room for `count` bytes; returns where they begin. */
  room(count) {
    const start = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return start;
  }

  byte(value) {
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  /** A type byte, then an unsigned number of `width` bytes, big-endian. */
  sized(type, width, value) {
    this.byte(type);
    const at = this.room(width);
    if (width === 1) this.view.setUint8(at, value);
    else if (width === 2) this.view.setUint16(at, value);
    else this.view.setUint32(at, value);
  }

  raw(bytes) {
    const at = this.room(bytes.length); // a step of its own, here and above: it may replace `bytes` and `view`
    this.bytes.set(bytes, at);
  }

  whole(value) {
    this.byte(0xd3);
    const at = this.room(8);
    this.view.setBigInt64(at, BigInt(value));
  }

  float(value) {
    this.byte(0xcb);
    const at = this.room(8);
    this.view.setFloat64(at, value);
  }
}

/** The length of a string, bytes, array or map: `short` for few, else the narrowest of `wide` ([type, bytes] pairs). */
function writeLength(sink, length, short, limit, wide) {
  if (length < limit) return sink.byte(short | length);
  for (const [type, width] of wide) {
    if (length < 2 ** (8 * width)) return sink.sized(type, width, length);
  }
  throw new RangeError(`too long for MessagePack: ${length}`);
}

function writeNumber(sink, value) {
  if (Number.isInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value < 128) return sink.byte(value);
    if (value < 0 && value >= -32) return sink.byte(0xe0 | (value + 32));
    if (value >= 0 && value < 2 ** 32) {
      const width = value < 2 ** 8 ? 1 : value < 2 ** 16 ? 2 : 4;
      return sink.sized({ 1: 0xcc, 2: 0xcd, 4: 0xce }[width], width, value);
    }
    if (Number.isSafeInteger(value)) return sink.whole(value);
  }
  return sink.float(value);
}

function write(sink, value) {
  if (value === null || value === undefined) return sink.byte(0xc0);
  if (typeof value === "boolean") return sink.byte(value ? 0xc3 : 0xc2);
  if (typeof value === "number") return writeNumber(sink, value);
  if (typeof value === "string") {
    const bytes = TEXT_OUT.encode(value);
    writeLength(sink, bytes.length, 0xa0, 32, [[0xd9, 1], [0xda, 2], [0xdb, 4]]);
    return sink.raw(bytes);
  }
  if (value instanceof Uint8Array) {
    writeLength(sink, value.length, 0, 0, [[0xc4, 1], [0xc5, 2], [0xc6, 4]]);
    return sink.raw(value);
  }
  if (Array.isArray(value)) {
    writeLength(sink, value.length, 0x90, 16, [[0xdc, 2], [0xdd, 4]]);
    return value.forEach((item) => write(sink, item));
  }
  if (typeof value !== "object") throw new TypeError(`MessagePack has no ${typeof value}`);
  const entries = Object.entries(value);
  writeLength(sink, entries.length, 0x80, 16, [[0xde, 2], [0xdf, 4]]);
  for (const [key, item] of entries) {
    write(sink, key);
    write(sink, item);
  }
}

/**
 * @param {unknown} value Plain data; whole numbers travel as integers, bytes as Uint8Array.
 * @returns {Uint8Array} Its MessagePack form.
 */
export function pack(value) {
  const sink = new Sink();
  write(sink, value);
  return sink.bytes.slice(0, sink.length);
}
