/** How long to wait before knocking again. Pure. */

const FIRST_S = 0.25;
const LONGEST_S = 5;
const GROWTH = 1.3; // a session service is back within 2 to 3 s: nobody should then wait two more for the next knock

/**
 * @param {number} failures Attempts that failed in a row, from 1.
 * @param {number} chance 0..1: spreads many kiosks after a restart of the host.
 * @returns {number} Seconds: grows from a quarter to five, plus or minus a fifth.
 */
export function wait(failures, chance) {
  return Math.min(LONGEST_S, FIRST_S * GROWTH ** (failures - 1)) * (0.8 + 0.4 * chance);
}
