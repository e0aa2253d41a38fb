/** Checking messages against the tables of `wire.js`. Pure. */

/** @typedef {{kind: string, default?: unknown}} Field No `default`: the field must be given. */
/** @typedef {Record<string, Field>} Fields */

const isText = (value) => typeof value === "string";

const CHECKS = {
  str: isText,
  bool: (value) => typeof value === "boolean",
  int: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === "number" && Number.isFinite(value),
  bytes: (value) => value instanceof Uint8Array,
  "str[]": (value) => Array.isArray(value) && value.every(isText),
  "{str: str}": (value) => value !== null && typeof value === "object" && Object.values(value).every(isText),
};

/**
 * @param {string} type The message's tag.
 * @param {Fields} fields What it may hold.
 * @param {Record<string, unknown>} given
 * @returns {Record<string, any>} The message with its defaults filled in; what is not in `fields` is left out.
 */
export function checked(type, fields, given) {
  const message = { type };
  for (const [name, field] of Object.entries(fields)) {
    const value = given[name] ?? field.default;
    if (value === undefined) throw new TypeError(`${type}: ${name} is missing`);
    if (!CHECKS[field.kind](value)) throw new TypeError(`${type}: ${name} must be ${field.kind}`);
    message[name] = value;
  }
  return message;
}
