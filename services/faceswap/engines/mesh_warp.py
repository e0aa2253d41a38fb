"""The embedded engine: the photo, cut into 852 triangles, is laid over the face as it moves. No GPU, no downloaded weights.

What moves is the target's: lids, lips, jaw, and what is seen inside the mouth. What is seen is the visitor's: skin, brows,
eyes, nose, lips. Above the brows the photo fades out, so that no fringe is ever pasted.
"""

from collections.abc import Callable

import cv2
import msgspec
import numpy as np

from services.faceswap import topology
from services.faceswap.arrays import Floats, bytes_of, floats
from services.faceswap.eyes import eye_boxes, lay_eyeballs
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, Patch, Points, SourceFace
from services.faceswap.lighting import Light
from services.faceswap.openings import keep_mouth
from services.faceswap.texture import Texture, texture_of
from services.faceswap.warping import (
    Box,
    Mesh,
    box_around,
    enlarge,
    fill_uncovered,
    full_map,
    look_up,
    polygon_mask,
    warp_grid,
)
from shared.errors import BadInput


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.options.mesh_warp]."""

    step_px: int = 4
    """Pixels a cell of the warp's grid; lids and lips are always done pixel by pixel."""
    texture_px: int = 448
    """Side of the texture kept of a photo."""
    light_follow: float = 0.25
    """How much of a new frame's light is taken over at once; the rest is kept from before. 1 flickers."""
    tone_match: float = 0.92
    """0: the visitor's own light and tone; 1: exactly the virtual human's. Neck and ears stay the virtual human's."""


class WarpSource(SourceFace, frozen=True, kw_only=True):
    """The visitor's face as a texture on the mesh."""

    texture: Texture


def open_engine(options: Options, others: Callable[[str], FaceSwapper]) -> "MeshWarp":
    """The engine, not yet warm."""
    del others
    return MeshWarp(options)


class MeshWarp:
    """The engine. See the port for what its methods promise."""

    name = "mesh_warp"
    device = "cpu"

    def __init__(self, options: Options) -> None:
        self._options = options
        self._mesh: FaceMesh | None = None
        self._light = Light(options.light_follow, options.tone_match)

    def warm_up(self) -> None:
        """Load the face mesh and swap once on a drawn oval."""
        self._networks().detect(np.zeros((480, 640, 3), np.uint8))

    def prepare(self, photo: Image) -> WarpSource:
        """Learn the largest face of a photo."""
        networks = self._networks()
        networks.forget()
        points = networks.track(photo)
        networks.forget()
        if points is None:
            raise BadInput("photo: no face found in it; take one with the whole face toward the camera")
        return WarpSource(engine=self.name, texture=texture_of(photo, points, self._options.texture_px))

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """The photo laid over the face."""
        if not isinstance(source, WarpSource):
            raise BadInput(f"mesh_warp: was handed a face prepared by {source.engine}")
        box = box_around(face, 0.02, Box(0, 0, frame.shape[1], frame.shape[0]))
        if min(box.size) < 24:
            return None
        texture, step = source.texture, self._options.step_px
        mesh = Mesh(texture.points, topology.triangles())
        grid = fill_uncovered(warp_grid(mesh, face, box, step))
        lips = box_around(face[list(topology.OUTER_LIPS)], 0.05, box)
        seen = look_up(texture.pixels, full_map(mesh, face, grid, (*eye_boxes(face, box, 0.15), lips)))
        lay_eyeballs(seen, box, texture.pixels, texture.points, face)
        mask = bytes_of(enlarge(_mask(face, box, step), box, step) * (seen[..., 3] * floats(1 / 255)))
        keep_mouth(mask, box, face)
        pixels = np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR), np.uint8)
        pixels = self._light.on(pixels, frame[box.top : box.bottom, box.left : box.right], mask)
        return Patch(left=box.left, top=box.top, pixels=pixels, mask=mask)

    def forget(self) -> None:
        """Drop the light of the last frames."""
        self._light.forget()

    def close(self) -> None:
        """Let go of the networks."""
        self._mesh = None
        self._light.forget()

    def _networks(self) -> FaceMesh:
        if self._mesh is None:
            self._mesh = FaceMesh()
        return self._mesh


def _mask(face: Points, box: Box, step: int) -> Floats:
    """Where the face is replaced, 0..255 on the coarse grid: a soft oval."""
    oval = face[list(topology.OVAL), :2]
    centre = oval.mean(axis=0)
    soft = max(1, round(0.05 * float(np.ptp(face[:, 1])) / step))
    mask = polygon_mask(centre + 0.91 * (oval - centre), box, step)
    return floats(cv2.GaussianBlur(mask, (2 * soft + 1, 2 * soft + 1), 0))
