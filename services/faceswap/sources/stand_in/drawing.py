"""Draws the head: the portrait laid over the posed mesh, eyes behind lids, the mouth behind lips."""

from importlib.resources import files

import cv2
import numpy as np

from services.faceswap import topology
from services.faceswap.arrays import Floats, floats
from services.faceswap.eyes import eye_boxes, lay_eyeballs
from services.faceswap.face_swapper import Image
from services.faceswap.sources.stand_in.head import RING_SIZE, Posed, build_head, pose_head
from services.faceswap.sources.stand_in.live_link import SHAPES, Pose
from services.faceswap.sources.stand_in.mouth import draw_layers, paint_mouth
from services.faceswap.warping import Box, Grid, Mesh, box_around, cell_centres, full_map, look_up, warp_grid

_FRAME_HEIGHT = 560.0
"""How many pixels of the portrait fill the frame from top to bottom."""
_FRAME_CENTRE = (304.0, 296.0)
"""Which pixel of the portrait is in the middle of the frame."""
_STEP = 4
_AT_REST = 0.03
"""Weights below this move lids and lips by less than a pixel."""
_LIDS = tuple(at for at, name in enumerate(SHAPES) if name.startswith(("eyeBlink", "eyeSquint", "eyeWide")))
_LIPS = tuple(at for at, name in enumerate(SHAPES) if name.startswith(("jaw", "mouth")))


class Artist:
    """Draws poses in one frame size."""

    def __init__(self, width: int, height: int) -> None:
        self._portrait, landmarks = load_portrait()
        self._head = build_head(landmarks)
        self._mouth = draw_layers()
        self._scale = height / _FRAME_HEIGHT
        self._shift = floats([width / 2, height / 2]) - floats(_FRAME_CENTRE) * floats(self._scale)
        self._mesh = Mesh(np.ascontiguousarray(self._head.vertices[:, :2]), self._head.triangles)
        self._coarse = Mesh(self._mesh.source, self._head.coarse)
        self._ground = self._still(width, height)
        self._box = self._moving(width, height)

    def draw(self, pose: Pose) -> Image:
        """The head in a pose, shape (height, width, 3)."""
        posed = pose_head(self._head, pose)
        target = self._placed(posed.vertices)
        grid = self._rest_outside(warp_grid(self._coarse, target, self._box, _STEP))
        details = self._details(pose, target)
        where = full_map(self._mesh, target, grid, details)
        face = look_up(self._portrait, where)
        lay_eyeballs(face, self._box, self._portrait, self._mesh.source, target, posed.gaze)
        frame = self._ground.copy()
        frame[self._box.top : self._box.bottom, self._box.left : self._box.right] = face
        self._open_mouth(frame, target, posed)
        return frame

    def _details(self, pose: Pose, target: Floats) -> tuple[Box, ...]:
        """Where lids or lips part from how the portrait has them: there each pixel is mapped for itself."""
        boxes: tuple[Box, ...] = ()
        if max(pose.weights[which] for which in _LIDS) > _AT_REST:
            boxes = eye_boxes(target, self._box, 0.15)
        if max(pose.weights[which] for which in _LIPS) > _AT_REST:
            boxes = (*boxes, box_around(target[list(topology.OUTER_LIPS)], 0.1, self._box))
        return boxes

    def _open_mouth(self, frame: Image, target: Floats, posed: Posed) -> None:
        upper, lower = (posed.upper_teeth * self._scale + self._shift, posed.lower_teeth * self._scale + self._shift)
        paint_mouth(frame, self._mouth, target[: topology.LANDMARKS], upper, lower)

    def _placed(self, vertices: Floats) -> Floats:
        """Portrait pixels -> frame pixels."""
        placed = vertices * self._scale
        placed[:, :2] += self._shift
        return np.asarray(placed, np.float32)

    def _still(self, width: int, height: int) -> Image:
        """The frame with the portrait at rest: what never moves."""
        matrix = np.array([[self._scale, 0, self._shift[0]], [0, self._scale, self._shift[1]]], np.float64)
        return np.asarray(
            cv2.warpAffine(
                self._portrait, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            ),
            np.uint8,
        )

    def _moving(self, width: int, height: int) -> Box:
        """The part of the frame that may move: everything inside the outermost ring, which stands still."""
        ring = self._placed(self._head.vertices[-RING_SIZE:])[:, :2]
        low, high = np.floor(ring.min(axis=0)), np.ceil(ring.max(axis=0))
        return Box(max(0, int(low[0])), max(0, int(low[1])), min(width, int(high[0])), min(height, int(high[1])))

    def _rest_outside(self, grid: Grid) -> Grid:
        """Cells outside every triangle show the portrait at rest."""
        x, y = cell_centres(grid.box, grid.step)
        rows, columns = np.nonzero(~grid.covered)
        at = np.stack([x[columns], y[rows, 0]], axis=1)
        grid.source[rows, columns] = (at - self._shift) / self._scale
        return grid


def load_portrait() -> tuple[Image, Floats]:
    """The portrait, shape (640, 640, 3), and its landmarks, shape (468, 3), pixels. Where it is from: PORTRAIT.md."""
    folder = files(__package__)
    picture = cv2.imdecode(np.frombuffer(folder.joinpath("portrait.jpg").read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    table = folder.joinpath("portrait_mesh.csv").read_text().splitlines()
    return np.asarray(picture, np.uint8), np.loadtxt(table, delimiter=",", dtype=np.float32)
