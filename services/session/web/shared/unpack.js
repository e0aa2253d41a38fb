/** Reading MessagePack: the other half of `pack.js`, plus the number widths that other writers choose. Pure. */

const TEXT_IN = new TextDecoder("utf-8", { fatal: true });
const DEEPEST = 32; // a message of ours nests three deep: more is an attack or noise

class Source {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  take(count) {
    const start = this.at;
    if (start + count > this.bytes.length) throw new RangeError("MessagePack ends too early");
    this.at += count;
    return start;
  }

  unsigned(width) {
    const at = this.take(width);
    if (width === 1) return this.view.getUint8(at);
    if (width === 2) return this.view.getUint16(at);
    return width === 4 ? this.view.getUint32(at) : Number(this.view.getBigUint64(at));
  }

  signed(width) {
    const at = this.take(width);
    if (width === 1) return this.view.getInt8(at);
    if (width === 2) return this.view.getInt16(at);
    return width === 4 ? this.view.getInt32(at) : Number(this.view.getBigInt64(at));
  }

  slice(length) {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }
}

const text = (source, length) => TEXT_IN.decode(source.slice(length));

function list(source, length, depth) {
  const items = [];
  for (let index = 0; index < length; index += 1) items.push(read(source, depth + 1));
  return items;
}

function map(source, length, depth) {
  const entries = [];
  for (let index = 0; index < length; index += 1) {
    const key = read(source, depth + 1);
    if (typeof key !== "string") throw new TypeError("a map's keys must be text");
    entries.push([key, read(source, depth + 1)]);
  }
  return Object.fromEntries(entries);
}

/** What each type byte from 0xc0 to 0xdf means; the gaps (extensions) are not spoken here. */
const READERS = {
  0xc0: () => null,
  0xc2: () => false,
  0xc3: () => true,
  0xc4: (s) => s.slice(s.unsigned(1)),
  0xc5: (s) => s.slice(s.unsigned(2)),
  0xc6: (s) => s.slice(s.unsigned(4)),
  0xca: (s) => s.view.getFloat32(s.take(4)),
  0xcb: (s) => s.view.getFloat64(s.take(8)),
  0xcc: (s) => s.unsigned(1),
  0xcd: (s) => s.unsigned(2),
  0xce: (s) => s.unsigned(4),
  0xcf: (s) => s.unsigned(8),
  0xd0: (s) => s.signed(1),
  0xd1: (s) => s.signed(2),
  0xd2: (s) => s.signed(4),
  0xd3: (s) => s.signed(8),
  0xd9: (s) => text(s, s.unsigned(1)),
  0xda: (s) => text(s, s.unsigned(2)),
  0xdb: (s) => text(s, s.unsigned(4)),
  0xdc: (s, depth) => list(s, s.unsigned(2), depth),
  0xdd: (s, depth) => list(s, s.unsigned(4), depth),
  0xde: (s, depth) => map(s, s.unsigned(2), depth),
  0xdf: (s, depth) => map(s, s.unsigned(4), depth),
};

function read(source, depth) {
  if (depth > DEEPEST) throw new RangeError("MessagePack nested too deep");
  const type = source.unsigned(1);
  if (type < 0x80) return type;
  if (type >= 0xe0) return type - 256;
  if (type < 0x90) return map(source, type & 15, depth);
  if (type < 0xa0) return list(source, type & 15, depth);
  if (type < 0xc0) return text(source, type & 31);
  const reader = READERS[type];
  if (!reader) throw new TypeError(`MessagePack type 0x${type.toString(16)} is not spoken here`);
  return reader(source, depth);
}

/**
 * @param {Uint8Array} bytes One MessagePack value, nothing after it. Byte strings in the result are views into it.
 * @returns {any} Plain data.
 */
export function unpack(bytes) {
  const source = new Source(bytes);
  const value = read(source, 0);
  if (source.at !== bytes.length) throw new RangeError("bytes after the end of MessagePack");
  return value;
}
