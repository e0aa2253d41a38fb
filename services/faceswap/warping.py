"""Piecewise affine warp along a triangle mesh: for every pixel of the output, where in the source to look.

The map is made on a coarse grid and enlarged; where neighbours on the screen belong to different sides of an opening (lids,
lips) it is made again pixel by pixel.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from services.faceswap.arrays import Bytes, Floats, floats

_SUBPIXEL = 4
"""cv2 rasters polygons in units of 1/16 pixel."""
_MAX_STRETCH = 6.0
"""A triangle seen so obliquely that its texture would be stretched this much more than the face's mean is left to its
neighbours: drawn, it made the dark specks beside the nostrils of a turned head."""


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

    @property
    def corner(self) -> Floats:
        """Left and top, shape (2,)."""
        return floats([self.left, self.top])

    def within(self, outer: "Box") -> tuple[slice, slice]:
        """Rows and columns of this box in a picture that covers `outer`."""
        return (
            slice(self.top - outer.top, self.bottom - outer.top),
            slice(self.left - outer.left, self.right - outer.left),
        )


class Mesh(NamedTuple):
    """A source mesh."""

    source: Floats
    """Vertices in the source texture, shape (n, 2), pixels."""
    triangles: NDArray[np.int32]
    """Shape (m, 3)."""


class Grid(NamedTuple):
    """Coarse map of a box: cell (row, column) belongs to the middle of its `step` x `step` pixels."""

    box: Box
    step: int
    source: Floats
    """Where to look in the source, shape (rows, columns, 2): x, y in pixels."""
    covered: NDArray[np.bool_]
    """Cells that lie inside a triangle, shape (rows, columns)."""


def box_around(points: Floats, margin: float, outer: Box) -> Box:
    """Smallest rectangle round the points, widened by `margin` of its larger side, cut to `outer`."""
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    pad = margin * float((high - low).max())
    left, top = np.floor(low - pad).astype(int).tolist()
    right, bottom = np.ceil(high + pad).astype(int).tolist()
    left, top = max(left, outer.left), max(top, outer.top)
    return Box(left, top, max(left, min(right, outer.right)), max(top, min(bottom, outer.bottom)))


def cell_centres(box: Box, step: int) -> tuple[Floats, Floats]:
    """Output x of every column, shape (columns,), and y of every row, shape (rows, 1)."""
    columns, rows = -(-box.size[0] // step), -(-box.size[1] // step)
    middle = (step - 1) / 2
    x = np.arange(columns, dtype=np.float32) * step + np.float32(box.left + middle)
    y = np.arange(rows, dtype=np.float32) * step + np.float32(box.top + middle)
    return x, y[:, None]


def warp_grid(mesh: Mesh, target: Floats, box: Box, step: int) -> Grid:
    """The map that lays `mesh` onto `target`.

    Args:
        mesh: Source vertices and triangles.
        target: Where each vertex shall come to lie, shape (n, 3): pixels of the output, z away from the viewer. Nearer
            triangles hide farther ones; those that show their back are not drawn.
        box: Region of the output.
        step: Pixels a cell.
    """
    x, y = cell_centres(box, step)
    triangles = _touching(mesh.triangles, target, box)
    here = target[:, :2][triangles]
    coefficients, is_seen = _affine(here, mesh.source[triangles])
    order = np.argsort(-target[:, 2][triangles].sum(axis=1), kind="stable")
    order = order[is_seen[order]]
    cells = (here[order] - floats([x[0], y[0, 0]])) / np.float32(step)
    index = _raster(cells, order, (len(y), len(x)))
    covered = index >= 0
    per_cell = coefficients.take(np.maximum(index, 0).ravel(), axis=0).reshape(*index.shape, 6)
    source = per_cell[..., 0:2] * x[None, :, None] + per_cell[..., 2:4] * y[..., None] + per_cell[..., 4:6]
    return Grid(box, step, source, covered)


def _touching(triangles: NDArray[np.int32], target: Floats, box: Box) -> NDArray[np.int32]:
    """The triangles that may meet the box: not all three corners on the outer side of one of its edges."""
    x, y = target[:, 0], target[:, 1]
    place = 1 * (x < box.left) + 2 * (x > box.right) + 4 * (y < box.top) + 8 * (y > box.bottom)
    a, b, c = place[triangles[:, 0]], place[triangles[:, 1]], place[triangles[:, 2]]
    near: NDArray[np.int32] = triangles[(a & b & c) == 0]
    return near


def _affine(target: Floats, source: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Per triangle: six coefficients (d/dx, d/dy, offset) of output -> source, and whether it faces us and may be drawn."""
    b, c = target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]
    u, v = source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]
    area = b[:, 0] * c[:, 1] - c[:, 0] * b[:, 1]
    source_area = u[:, 0] * v[:, 1] - v[:, 0] * u[:, 1]
    is_seen = area * source_area > 1e-3
    safe = np.where(np.abs(area) > 1e-4, area, 1.0)[:, None]
    dx = (u * c[:, 1:2] - v * b[:, 1:2]) / safe
    dy = (v * b[:, 0:1] - u * c[:, 0:1]) / safe
    stretch = np.sqrt((dx * dx).sum(axis=1) + (dy * dy).sum(axis=1))
    usual = float(stretch[is_seen].mean()) if is_seen.any() else 1.0
    is_seen &= stretch < _MAX_STRETCH * usual
    offset = source[:, 0] - dx * target[:, 0, 0:1] - dy * target[:, 0, 1:2]
    return np.concatenate([dx, dy, offset], axis=1).astype(np.float32), is_seen


def _raster(cells: Floats, names: NDArray[np.intp], shape: tuple[int, int]) -> NDArray[np.int32]:
    """Which triangle each cell shows, or -1; later ones are drawn over earlier ones."""
    index = np.full(shape, -1, np.int32)
    corners = np.rint(cells * (1 << _SUBPIXEL)).astype(np.int32)
    draw = cv2.fillConvexPoly
    for name, polygon in zip(names.tolist(), corners, strict=True):
        draw(index, polygon, name, cv2.LINE_8, _SUBPIXEL)
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
    if step == 1:
        return floats(coarse[: box.size[1], : box.size[0]])
    rows, columns = coarse.shape[:2]
    # One cell more on every side, on the same slope: cv2 would stand still over the outer half of the last cell.
    wide = cv2.copyMakeBorder(coarse, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    if min(rows, columns) > 1:
        wide[0], wide[-1] = 2 * wide[1] - wide[2], 2 * wide[-2] - wide[-3]
        wide[:, 0], wide[:, -1] = 2 * wide[:, 1] - wide[:, 2], 2 * wide[:, -2] - wide[:, -3]
    whole = cv2.resize(wide, ((columns + 2) * step, (rows + 2) * step), interpolation=cv2.INTER_LINEAR)
    return floats(whole[step : step + box.size[1], step : step + box.size[0]])


def full_map(mesh: Mesh, target: Floats, grid: Grid, details: tuple[Box, ...]) -> Floats:
    """The map at full size, shape (height, width, 2), made again pixel by pixel inside `details`.

    Where a detail's own pixels are covered by no triangle (between the lips) the coarse map stays.
    """
    where = enlarge(grid.source, grid.box, grid.step)
    for detail in details:
        if min(detail.size) < 2:
            continue
        fine = warp_grid(mesh, target, detail, 1)
        part = where[detail.within(grid.box)]
        np.copyto(part, fine.source, where=fine.covered[..., None])
    return where


def look_up(texture: Bytes, where: Floats) -> Bytes:
    """The texture seen through a map: shape (height, width[, channels])."""
    # cv2's own stub knows only maps in two parts.
    seen = cv2.remap(texture, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    return np.asarray(seen, np.uint8)


def polygon_mask(points: Floats, box: Box, step: int = 1) -> Bytes:
    """A filled outline on the cells of a box, 0 or 255, antialiased."""
    x, y = cell_centres(box, step)
    mask = np.zeros((len(y), len(x)), np.uint8)
    corners = np.rint((points[:, :2] - floats([x[0], y[0, 0]])) / step * (1 << _SUBPIXEL)).astype(np.int32)
    cv2.fillPoly(mask, [corners], (255,), cv2.LINE_AA, _SUBPIXEL)
    return mask
