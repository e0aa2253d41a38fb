"""Piecewise affine warp along a triangle mesh: for every pixel of the output, where in the source to look.

The map is made on a coarse grid and enlarged: at a step of two pixels the difference to the full grid is below 0.3 levels and
the cost a quarter.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SUBPIXEL = 4
"""cv2 rasters polygons in units of 1/16 pixel."""
_MAX_STRETCH = 6.0
"""A triangle seen so obliquely that its texture would be stretched more than this is left to its neighbours: drawn, it made the
dark specks beside the nostrils of a turned head."""


class Box(NamedTuple):
    """A rectangle of pixels: left and top inside, right and bottom outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top


class Mesh(NamedTuple):
    """A source mesh made ready for warping."""

    source: Floats
    """Vertices in the source texture, shape (n, 2), pixels."""
    triangles: NDArray[np.int32]
    """Shape (m, 3)."""


class Grid(NamedTuple):
    """Coarse map of a region. Cell (row, column) belongs to pixel (left + column * step, top + row * step)."""

    box: Box
    step: int
    source: Floats
    """Where to look in the source, shape (rows, columns, 2): x, y in pixels."""
    covered: NDArray[np.bool_]
    """Cells that lie inside a triangle, shape (rows, columns)."""


def box_around(points: Floats, margin: float, width: int, height: int) -> Box:
    """Smallest rectangle round the points, widened by `margin` of its larger side, cut to the picture."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    pad = margin * float((high - low).max())
    left, top = np.clip(np.floor(low - pad), 0, [width, height]).astype(int)
    right, bottom = np.clip(np.ceil(high + pad), 0, [width, height]).astype(int)
    return Box(int(left), int(top), int(right), int(bottom))


def warp_grid(mesh: Mesh, target: Floats, box: Box, step: int) -> Grid:
    """The map that lays `mesh` onto `target`.

    Args:
        mesh: Source vertices and triangles.
        target: Where each vertex shall come to lie, shape (n, 3): pixels of the output, z away from the viewer. Nearer
            triangles hide farther ones; those that show their back are not drawn.
        box: Region of the output.
        step: Pixels a grid cell.
    """
    columns, rows = -(-(box.right - box.left) // step) + 1, -(-(box.bottom - box.top) // step) + 1
    cells = (target[:, :2] - np.float32([box.left, box.top])) / np.float32(step)
    coefficients, is_seen = _affine(cells[mesh.triangles], mesh.source[mesh.triangles], step)
    index = _raster(cells, target[:, 2], mesh.triangles, is_seen, (rows, columns))
    covered = index >= 0
    per_cell = coefficients[np.maximum(index, 0)]
    row, column = np.mgrid[0:rows, 0:columns].astype(np.float32)
    source = per_cell[..., 0:2] * column[..., None] + per_cell[..., 2:4] * row[..., None] + per_cell[..., 4:6]
    return Grid(box, step, source, covered)


def _affine(target: Floats, source: Floats, step: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Per triangle: six coefficients (d/dx, d/dy, offset) of grid -> source, and whether it faces us and may be drawn."""
    b, c = target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]
    u, v = source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]
    area = b[:, 0] * c[:, 1] - c[:, 0] * b[:, 1]
    source_area = u[:, 0] * v[:, 1] - v[:, 0] * u[:, 1]
    is_seen = (np.abs(area) > 1e-4) & (area * source_area > 0)
    safe = np.where(np.abs(area) > 1e-4, area, 1.0)[:, None]
    dx = (u * c[:, 1:2] - v * b[:, 1:2]) / safe
    dy = (v * b[:, 0:1] - u * c[:, 0:1]) / safe
    stretch = np.sqrt((dx * dx).sum(axis=1) + (dy * dy).sum(axis=1)) / step
    # Stretch counts relative to the whole face: a small photo on a large face is everywhere below one.
    usual = float(np.median(stretch[is_seen])) if is_seen.any() else 1.0
    is_seen &= stretch < _MAX_STRETCH * max(usual, 1e-3)
    offset = source[:, 0] - dx * target[:, 0, 0:1] - dy * target[:, 0, 1:2]
    return np.concatenate([dx, dy, offset], axis=1).astype(np.float32), is_seen


def _raster(
    cells: Floats,
    depth: Floats,
    triangles: NDArray[np.int32],
    is_seen: NDArray[np.bool_],
    shape: tuple[int, int],
) -> NDArray[np.int32]:
    """Which triangle each cell shows, or -1; far ones are drawn first."""
    index = np.full(shape, -1, np.int32)
    order = np.argsort(-depth[triangles].sum(axis=1), kind="stable")
    order = order[is_seen[order]]
    corners = np.rint(cells[triangles[order]] * (1 << _SUBPIXEL)).astype(np.int32)
    draw = cv2.fillConvexPoly
    for which, polygon in zip(order.tolist(), corners, strict=True):
        draw(index, polygon, which, cv2.LINE_8, _SUBPIXEL)
    return index


def fill_uncovered(grid: Grid) -> Grid:
    """Give every uncovered cell the source of the nearest covered one, so that enlarging never mixes with nothing."""
    holes = ~grid.covered
    if not holes.any() or not grid.covered.any():
        return grid
    _, nearest = cv2.distanceTransformWithLabels(holes.astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    rows, columns = np.nonzero(grid.covered)
    of_label = np.zeros(int(nearest.max()) + 1, np.int64)
    of_label[nearest[rows, columns]] = np.arange(len(rows))
    pick = of_label[nearest[holes]]
    source = grid.source.copy()
    source[holes] = source[rows[pick], columns[pick]]
    return grid._replace(source=source)


def enlarge(coarse: Floats, box: Box, step: int) -> Floats:
    """A coarse field at full size: shape (rows, columns[, k]) -> (height, width[, k]), bilinear."""
    scale = np.array([[step, 0, 0], [0, step, 0]], np.float64)
    return cv2.warpAffine(coarse, scale, box.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def sample(texture: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """The texture seen through the map: shape (height, width[, channels]) of the grid's box."""
    where = enlarge(grid.source, grid.box, grid.step)
    return cv2.remap(texture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def polygon_mask(points: Floats, box: Box, step: int) -> NDArray[np.uint8]:
    """A filled outline on the coarse grid of a box, 0 or 255 with a soft edge of one cell."""
    rows, columns = -(-(box.bottom - box.top) // step) + 1, -(-(box.right - box.left) // step) + 1
    mask = np.zeros((rows, columns), np.uint8)
    corners = np.rint((points[:, :2] - np.float32([box.left, box.top])) / step * (1 << _SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, _SUBPIXEL)
    return mask
