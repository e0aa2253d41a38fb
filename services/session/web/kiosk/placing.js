/** Where a picture lies on the glass. Pure. */

const FACE_Y = 0.42; // faces sit a little above the middle: that is what stays when height is cut
const ZOOM = 1.12; // a wide glass is filled to its sides only if that crops so little; else the sides fall into black

/**
 * @param {number} width Of the picture, pixels. @param {number} height
 * @param {number} glassWidth Pixels. @param {number} glassHeight
 * @returns {{x: number, y: number, width: number, height: number}} Where the whole picture goes, in pixels of the glass.
 */
export function place(width, height, glassWidth, glassHeight) {
  const fillsHeight = glassHeight / height;
  const scale = Math.max(fillsHeight, Math.min(glassWidth / width, fillsHeight * ZOOM));
  return {
    x: (glassWidth - width * scale) / 2,
    y: (glassHeight - height * scale) * FACE_Y,
    width: width * scale,
    height: height * scale,
  };
}
