/**
 * Where the copy already shows and where it is still the reflection. Pure.
 *
 * It comes the way breath leaves a glass: from where the face is outward, in soft uneven patches, nowhere with an edge.
 */

export const SIDE = 48; // points across and down: soft by being few

const FEATHER = 0.5; // share of the crossing that one point takes
const UNEVEN = 0.34;
const FACE = { x: 0.5, y: 0.42 };

/** A repeatable 0..1 for a lattice point. */
function chance(x, y) {
  const value = Math.sin(x * 127.1 + y * 311.7) * 43758.5453;
  return value - Math.floor(value);
}

const ease = (part) => part * part * (3 - 2 * part);

/** Smooth patches, 0..1, `size` of them a unit; moves when `x`, `y` do. */
export function patches(x, y) {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const across = ease(x - left);
  const down = ease(y - top);
  const upper = chance(left, top) * (1 - across) + chance(left + 1, top) * across;
  const lower = chance(left, top + 1) * (1 - across) + chance(left + 1, top + 1) * across;
  return upper * (1 - down) + lower * down;
}

/** @returns {Float32Array} For each point the time, 0..1, at which it begins to cross; SIDE x SIDE. */
export function arrivals() {
  const times = Float32Array.from({ length: SIDE * SIDE }, (_, index) => {
    const x = ((index % SIDE) + 0.5) / SIDE;
    const y = (Math.floor(index / SIDE) + 0.5) / SIDE;
    const away = Math.hypot((x - FACE.x) * 1.15, y - FACE.y) / 0.8;
    const uneven = 0.65 * patches(x * 4, y * 4) + 0.35 * patches(x * 9 + 7, y * 9 + 3);
    return away * (1 - UNEVEN) + uneven * UNEVEN;
  });
  const least = Math.min(...times);
  const most = Math.max(...times);
  return times.map((time) => (time - least) / (most - least));
}

/**
 * @param {Float32Array} times From `arrivals`.
 * @param {number} part 0..1: how far the crossing is.
 * @param {Uint8ClampedArray} rgba SIDE x SIDE points whose alpha is set: 255 where the copy shows.
 */
export function veil(times, part, rgba) {
  times.forEach((time, index) => {
    const own = (part - time * (1 - FEATHER)) / FEATHER;
    rgba[index * 4 + 3] = 255 * ease(Math.min(1, Math.max(0, own)));
  });
}
