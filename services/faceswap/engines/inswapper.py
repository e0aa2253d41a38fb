"""The rig's engine: insightface's inswapper (or a swapper like it) on onnxruntime, frame by frame.

A frame's way: five points (detector and flow) -> upright square -> network -> light and sharpness in the square -> soft rim
-> patch. Who the visitor is was computed once, at the photo. On anything that is wrong it fails on the spot; what is shown
then is `fallback`'s business.
"""

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np

from services.faceswap import topology
from services.faceswap.alignment import Square, eye_distance, five_points, square_around_mesh
from services.faceswap.arrays import Floats, floats
from services.faceswap.engines.inswapper_detecting import DetectorThread
from services.faceswap.engines.inswapper_networks import Networks
from services.faceswap.engines.inswapper_open import Options, open_networks
from services.faceswap.engines.inswapper_runtime import OutOfMemory
from services.faceswap.face_mesh import FaceMesh
from services.faceswap.face_swapper import FaceSwapper, Image, Patch, Points, SourceFace
from services.faceswap.five_points import Sight, asked, follow, locked, moved
from services.faceswap.flow import motion
from services.faceswap.lighting import Light
from services.faceswap.openings import keep_mouth
from services.faceswap.paste_back import Affine, Feather, lay_back, oval_feather, square_feather, within
from services.faceswap.templates import onto_template
from services.faceswap.warping import Box
from shared.errors import BadInput, ConfigError, EngineFailed, EngineUnavailable

__all__ = ["Inswapper", "Options", "open_engine"]

T = TypeVar("T")

_LEAST_EYES_PX = 6.0
"""Eyes closer together than this are no face that could be swapped."""
_DETECTOR_ROOM = 4 / 3
"""The detector's square against the mesh's: the face fills half of it."""


class IdentitySource(SourceFace, frozen=True, kw_only=True):
    """Who the visitor is."""

    latent: Floats
    """Shape (1, 512)."""


def open_engine(options: Options, others: Callable[[str], FaceSwapper]) -> "Inswapper":
    """The engine, not yet warm."""
    del others
    return Inswapper(options)


class Inswapper:
    """The engine. See the port for what its methods promise."""

    name = "inswapper"

    def __init__(
        self, options: Options, opener: Callable[[Options], Networks] = open_networks,
        on_step: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        """`opener`: where the networks come from. `on_step` is told of each step of a swap when it is done."""
        self._options = options
        self._opener = opener
        self._on_step = on_step or _unheard
        self._networks: Networks | None = None
        self._detecting: DetectorThread | None = None
        self._mesh: FaceMesh | None = None
        self._light = Light(options.light_follow, options.tone_match)
        self.forget()

    @property
    def device(self) -> str:
        """Where the swapper runs, and how."""
        if self._networks is None:
            return self._options.device
        is_slow = self._networks.swapper.label == "cpu" and self._options.device == "auto"
        return "cpu (onnxruntime has no GPU)" if is_slow else self._networks.swapper.label

    def warm_up(self) -> None:
        """Load everything, check the faster ways against the plain one, draw a face."""
        try:
            networks = self._open()
            side = networks.kind.size_px
            ramp = np.tile(np.linspace(0, 255, side, dtype=np.uint8)[:, None, None], (1, side, 3))
            networks.swapper.swap(ramp, np.full((1, 512), 512**-0.5, np.float32))
        except EngineFailed as error:
            raise EngineUnavailable(f"inswapper: cannot draw ({error})") from error

    def prepare(self, photo: Image) -> IdentitySource:
        """Learn who is on a photo; once a visit."""
        latent = self._guarded(lambda: self._learn(photo))
        return IdentitySource(engine=self.name, latent=latent)

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """The visitor's face for the one in the frame."""
        if not isinstance(source, IdentitySource):
            raise BadInput(f"inswapper: was handed a face prepared by {source.engine}")
        if not np.isfinite(face).all() or eye_distance(face) < _LEAST_EYES_PX:
            return None
        return self._guarded(lambda: self._swap(frame, source.latent, face))

    def forget(self) -> None:
        """Drop the light, the last frame and where the face was."""
        self._light.forget()
        self._sight: Sight | None = None
        self._before: tuple[Image, Points] | None = None
        if self._detecting is not None:
            self._detecting.forget()

    def close(self) -> None:
        """Let go of the networks and the thread."""
        if self._detecting is not None:
            self._detecting.close()
        self._detecting, self._networks, self._mesh = None, None, None
        self.forget()

    @property
    def refused(self) -> tuple[str, ...]:
        """Faster ways that drew another picture at the start, and why; for `mirror doctor`."""
        return () if self._networks is None else self._networks.refused

    def _learn(self, photo: Image) -> Floats:
        networks, mesh = self._open(), self._face_mesh()
        mesh.forget()
        points = mesh.track(photo)
        mesh.forget()
        height, width = photo.shape[:2]
        square = (
            _detector_square(points) if points is not None else Square(width / 2, height / 2, max(photo.shape), 0.0)
        )
        five = networks.detector.find(networks.detector.cut(photo, square), square)
        if five is None and points is not None:
            # The mesh is less exact, but a visitor is not sent away because one of two saw nothing.
            five = five_points(points)
        if five is None:
            raise BadInput("photo: no face found in it; take one with the whole face toward the camera")
        return networks.latent(photo, five)

    def _swap(self, frame: Image, latent: Floats, face: Points) -> Patch | None:
        networks, options = self._open(), self._options
        five = self._five_points(networks, frame, face)
        self._on_step("track")
        kind = networks.kind
        matrix = onto_template(five, kind.template, kind.size_px)
        feather = _feather(options.mask, matrix, kind.size_px, face)
        height, width = frame.shape[:2]
        if not _is_seen(matrix, kind.size_px, (width, height)):
            return None
        under = np.asarray(cv2.warpAffine(frame, matrix, (kind.size_px, kind.size_px)), np.uint8)
        self._on_step("align")
        swapped = networks.swapper.swap(under, latent)
        self._on_step("network")
        swapped = self._finished(swapped, under, feather)
        self._on_step("light")
        patch = lay_back(swapped, matrix, feather, (width, height))
        if patch is not None and options.keep_mouth:
            rows, columns = patch.mask.shape
            box = Box(patch.left, patch.top, patch.left + columns, patch.top + rows)
            keep_mouth(patch.mask, box, face)
        self._on_step("lay back")
        return patch

    def _five_points(self, networks: Networks, frame: Image, face: Points) -> Floats:
        """Where to align: the detector's points if it sees this face, else the mesh's."""
        detector, mesh_five = networks.detector, five_points(face)
        square = _detector_square(face)
        if self._sight is None or self._before is None:
            sight = locked(mesh_five, detector.find(detector.cut(frame, square), square))
        else:
            last, points = self._before
            sight = follow(self._sight, mesh_five, motion(last, frame, points), self._thread(networks).answer())
        if sight.is_due(self._options.detect_every):
            self._thread(networks).ask(detector.cut(frame, square), square)
            sight = asked(sight)
        self._sight, self._before = sight, (frame, face)
        return mesh_five if sight.five is None else sight.five

    def _finished(self, swapped: Image, under: Image, feather: Feather) -> Image:
        """The square in the frame's light and a little sharper: here it costs a tenth of what it would on the frame."""
        size = (under.shape[1], under.shape[0])
        mask = np.asarray(cv2.resize(feather.weights, size, interpolation=cv2.INTER_AREA), np.uint8)
        lit = self._light.on(swapped, under, mask)
        if self._options.sharpen <= 0:
            return lit
        soft = cv2.GaussianBlur(lit, (0, 0), 1.0)
        return np.asarray(cv2.addWeighted(lit, 1 + self._options.sharpen, soft, -self._options.sharpen, 0), np.uint8)

    def _guarded(self, work: Callable[[], T]) -> T:
        """A device without memory left loses its sessions, so that the next try begins with fresh ones."""
        try:
            return work()
        except OutOfMemory:
            self.close()
            raise
        except (EngineUnavailable, ConfigError) as error:
            raise EngineFailed(f"inswapper: cannot be opened again ({error})") from error
        except (cv2.error, np.linalg.LinAlgError) as error:
            raise EngineFailed(f"inswapper: this frame cannot be computed ({error})") from error

    def _open(self) -> Networks:
        if self._networks is None:
            self._networks = self._opener(self._options)
        return self._networks

    def _thread(self, networks: Networks) -> DetectorThread:
        if self._detecting is None:
            self._detecting = DetectorThread(networks.detector.find)
        return self._detecting

    def _face_mesh(self) -> FaceMesh:
        if self._mesh is None:
            self._mesh = FaceMesh()
        return self._mesh


def _detector_square(face: Points) -> Square:
    square = square_around_mesh(face)
    return square._replace(side=square.side * _DETECTOR_ROOM)


def _feather(mask: str, matrix: Affine, size: int, face: Points) -> Feather:
    """How the swapped square fades, by the word of the settings."""
    if mask == "square":
        return square_feather(matrix, size)
    if mask == "oval":
        return oval_feather()
    return within(oval_feather(), floats((moved(face[list(topology.OVAL), :2], matrix) + 0.5) / size))


def _is_seen(matrix: Affine, size: int, frame_size: tuple[int, int]) -> bool:
    """Whether the middle half of the square meets the frame: less of a face is not worth swapping, or cannot be."""
    inverse = cv2.invertAffineTransform(matrix)
    if not np.isfinite(inverse).all():
        return False
    low, high = size / 4, 3 * size / 4
    corners = np.array([[low, low], [high, low], [high, high], [low, high]]) @ inverse[:, :2].T + inverse[:, 2]
    least, most = corners.min(axis=0), corners.max(axis=0)
    return bool((most > 0).all() and (least < frame_size).all())


def _unheard(step: str) -> None:
    del step
