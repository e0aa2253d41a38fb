"""Eyeballs are laid rigidly behind the lids: a closing lid covers the iris instead of squashing it."""

import numpy as np
from numpy.typing import NDArray

from services.faceswap import topology
from services.faceswap.warping import Floats, Grid, polygon_mask

STRAIGHT = (0.0, 0.0)


def with_eyeballs(grid: Grid, source: Floats, face: Floats, gaze: tuple[float, float] = STRAIGHT) -> Grid:
    """The map with both eyeballs laid in.

    Args:
        grid: The map of the face.
        source: Landmarks in the texture, shape (468, 2).
        face: Landmarks in the output, shape (468, 2 or 3).
        gaze: How far the irises are shifted in the output, in eye widths: x to the right, y down.
    """
    out = grid.source.copy()
    for ring in (topology.RIGHT_EYE, topology.LEFT_EYE):
        inside = polygon_mask(face[list(ring)], grid.box, grid.step) > 127
        rows, columns = np.nonzero(inside)
        if len(rows) == 0:
            continue
        at = np.stack([columns, rows], axis=1).astype(np.float32) * grid.step + np.float32(grid.box[:2])
        if gaze != STRAIGHT:
            at = at - _shift(at, face, ring, gaze)
        matrix = _eye_matrix(source, face, ring)
        out[rows, columns] = at @ matrix[:, :2].T + matrix[:, 2]
    return grid._replace(source=out)


def _shift(at: Floats, face: Floats, ring: tuple[int, ...], gaze: tuple[float, float]) -> Floats:
    """How far the eyeball's surface moved at each place: all the way in the middle, not at all at the corners."""
    corners = face[[ring[0], ring[8]], :2]
    width = float(np.linalg.norm(corners[1] - corners[0]))
    away = np.linalg.norm((at - corners.mean(axis=0)) / np.float32(0.62 * width), axis=1)
    part = np.clip(1.0 - away**2, 0.0, 1.0)[:, None]
    return np.asarray(part * np.float32(gaze) * width, np.float32)


def _eye_matrix(source: Floats, face: Floats, ring: tuple[int, ...]) -> NDArray[np.float32]:
    """Output -> texture for one eyeball, shape (2, 3): corner on corner; an eye opened wider than the texture's is stretched."""
    corners = [ring[0], ring[8]]
    here, there = face[corners, :2].astype(np.float64), source[corners, :2].astype(np.float64)
    across, wanted = here[1] - here[0], there[1] - there[0]
    width, wanted_width = max(1e-6, float(np.linalg.norm(across))), max(1e-6, float(np.linalg.norm(wanted)))
    scale = wanted_width / width
    high = min(1.0, _height(source, ring) / max(1e-6, _height(face, ring) * scale))
    u, v = across / width, wanted / wanted_width
    output_axes = np.array([u, [-u[1], u[0]]])
    texture_axes = np.array([v, [-v[1], v[0]]]).T
    linear = texture_axes @ np.diag([scale, scale * high]) @ output_axes
    return np.hstack([linear, (there.mean(axis=0) - linear @ here.mean(axis=0))[:, None]]).astype(np.float32)


def _height(points: Floats, ring: tuple[int, ...]) -> float:
    """How far the lids of an eye stand apart in the middle."""
    return float(np.linalg.norm(points[ring[4], :2] - points[ring[12], :2]))
