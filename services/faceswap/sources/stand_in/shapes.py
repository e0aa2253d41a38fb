"""What each of the 52 blendshapes does to the mesh: a displacement of every landmark, built from a table of small pushes.

Units are eye distances (the centres of the eyes of the portrait); x to the picture's right, which is the person's left, y down.
A push moves the landmarks round a centre, fading with distance; lips and lids are moved by name, because there neighbours
on the screen belong to different sides of an opening.
"""

from collections.abc import Callable

import numpy as np

from services.faceswap import topology
from services.faceswap.arrays import Floats, floats
from services.faceswap.sources.stand_in.live_link import SHAPES

JAW_DROP = 0.46
"""How far the lower lip falls with the jaw fully open."""
_CORNER = 0.36
"""How much of that the lip corners follow."""

_UPPER_INNER = topology.INNER_LIPS[1:10]
_LOWER_INNER = topology.INNER_LIPS[11:20]
_RIGHT_CORNERS = (61, 78, 76, 62)
_LEFT_CORNERS = (291, 308, 306, 292)

# (centre landmarks, radius, x, y) of a push for the person's left side; the right side is its mirror image.
_LEFT_PUSHES: dict[str, tuple[tuple[tuple[int, ...], float, float, float], ...]] = {
    "eyeSquint": (((374, 380, 373), 0.13, 0.0, -0.05), ((386,), 0.10, 0.0, 0.03)),
    "eyeWide": (((386, 385, 387), 0.11, 0.0, -0.05), ((334, 296), 0.25, 0.0, -0.03)),
    "mouthSmile": (((291, 308), 0.26, 0.10, -0.11), ((425, 411), 0.30, 0.03, -0.06), ((374,), 0.2, 0.0, -0.015)),
    "mouthFrown": (((291, 308), 0.24, 0.01, 0.10),),
    "mouthDimple": (((291, 308), 0.2, 0.06, -0.01),),
    "mouthStretch": (((291, 308), 0.26, 0.12, 0.03), ((364, 394), 0.3, 0.02, 0.03)),
    "mouthPress": (((291, 308), 0.15, 0.02, 0.0),),
    "browDown": (((296, 334, 336), 0.24, -0.03, 0.10), ((285, 295), 0.2, -0.03, 0.07)),
    "browOuterUp": (((300, 293, 334), 0.28, 0.0, -0.12),),
    "cheekSquint": (((330, 347, 280), 0.25, 0.0, -0.05), ((374,), 0.15, 0.0, -0.02)),
    "noseSneer": (((327, 358), 0.17, 0.01, -0.045), ((417, 465), 0.14, 0.0, -0.02)),
}
_MIDDLE_PUSHES: dict[str, tuple[tuple[tuple[int, ...], float, float, float], ...]] = {
    "browInnerUp": (((107, 66), 0.22, 0.0, -0.12), ((336, 296), 0.22, 0.0, -0.12), ((9,), 0.25, 0.0, -0.05)),
    "cheekPuff": (((425, 411), 0.32, 0.07, 0.0), ((205, 187), 0.32, -0.07, 0.0)),
    "mouthLeft": (((0, 17, 13, 14), 0.36, 0.13, 0.0),),
    "mouthRight": (((0, 17, 13, 14), 0.36, -0.13, 0.0),),
}


def shape_basis(rest: Floats) -> Floats:
    """Displacement of each landmark for each blendshape fully on.

    Args:
        rest: The portrait's landmarks, shape (468, 2 or 3), pixels.

    Returns:
        Shape (52, 468, 2), pixels, in the order of SHAPES.
    """
    face = _Face(rest[:, :2])
    basis = np.zeros((len(SHAPES), len(rest), 2), np.float32)
    for name, pushes in _MIDDLE_PUSHES.items():
        basis[SHAPES.index(name)] = sum(face.push(*push) for push in pushes)
    for name, pushes in _LEFT_PUSHES.items():
        basis[SHAPES.index(f"{name}Left")] = sum(face.push(*push) for push in pushes)
        basis[SHAPES.index(f"{name}Right")] = sum(face.push(*_mirrored(push)) for push in pushes)
    named: dict[str, Callable[[], Floats]] = {
        "eyeBlinkLeft": lambda: face.blink(topology.LEFT_EYE),
        "eyeBlinkRight": lambda: face.blink(topology.RIGHT_EYE),
        "jawOpen": lambda: face.jaw(0.0, JAW_DROP),
        "jawForward": lambda: face.jaw(0.0, 0.03),
        "jawLeft": lambda: face.jaw(0.12, 0.0),
        "jawRight": lambda: face.jaw(-0.12, 0.0),
        "mouthClose": face.seal,
        "mouthFunnel": lambda: face.round(0.11) + face.part(0.05, 0.07),
        "mouthPucker": lambda: face.round(0.23) + face.part(-0.004, 0.0),
        "mouthRollLower": lambda: face.part(0.0, -0.03) + face.thin(is_upper=False),
        "mouthRollUpper": lambda: face.thin(is_upper=True),
        "mouthShrugLower": lambda: face.lip(is_upper=False) * floats([0, -0.05]) * face.unit,
        "mouthShrugUpper": lambda: face.lip(is_upper=True) * floats([0, -0.05]) * face.unit,
        "mouthLowerDownLeft": lambda: face.half(0.11, is_upper=False, side=1),
        "mouthLowerDownRight": lambda: face.half(0.11, is_upper=False, side=-1),
        "mouthUpperUpLeft": lambda: face.half(-0.09, is_upper=True, side=1),
        "mouthUpperUpRight": lambda: face.half(-0.09, is_upper=True, side=-1),
    }
    for name, make in named.items():
        basis[SHAPES.index(name)] += make()
    return basis


def _mirrored(push: tuple[tuple[int, ...], float, float, float]) -> tuple[tuple[int, ...], float, float, float]:
    centres, radius, x, y = push
    return tuple(MIRROR_OF[one] for one in centres), radius, -x, y


MIRROR_OF = {
    374: 145, 380: 153, 373: 144, 386: 159, 385: 158, 387: 160, 334: 105, 296: 66, 291: 61, 308: 78, 425: 205, 411: 187,
    364: 135, 394: 169, 336: 107, 285: 55, 295: 65, 300: 70, 293: 63, 330: 101, 347: 118, 280: 50, 327: 98, 358: 129,
    417: 193, 465: 245,
}  # fmt: skip
"""Landmark of the person's left -> its counterpart on the right."""


class _Face:
    """The portrait at rest, with the measures the pushes need."""

    def __init__(self, points: Floats) -> None:
        self.points = points
        right, left = points[list(topology.RIGHT_EYE)].mean(axis=0), points[list(topology.LEFT_EYE)].mean(axis=0)
        self.unit = float(np.linalg.norm(left - right))
        ring = points[list(topology.INNER_LIPS)]
        self.mouth = ring.mean(axis=0)
        middle = np.concatenate([points[[61]], ring[:1], (ring[1:10] + ring[19:10:-1]) / 2, ring[10:11], points[[291]]])
        line = np.interp(points[:, 0], middle[:, 0], middle[:, 1])
        self.half_mouth = float(np.linalg.norm(points[291] - points[61])) / 2 / self.unit
        self.is_lower = points[:, 1] > line
        self.is_lower[list(_LOWER_INNER)] = True
        self.is_lower[list(_UPPER_INNER)] = False
        self.is_corner = np.zeros(len(points), bool)
        self.is_corner[[*_RIGHT_CORNERS, *_LEFT_CORNERS]] = True

    def push(self, centres: tuple[int, ...], radius: float, x: float, y: float) -> Floats:
        """Move what lies round the centres, fading with distance."""
        away = np.min([np.linalg.norm(self.points - self.points[one], axis=1) for one in centres], axis=0) / (
            radius * self.unit
        )
        return floats(np.exp(-(away**2))[:, None] * floats([x, y]) * self.unit)

    def blink(self, ring: tuple[int, ...]) -> Floats:
        """The upper lid comes down on the lower one, the skin above it follows."""
        moved = np.zeros_like(self.points)
        upper, lower = ring[1:8], ring[15:8:-1]
        for up, down in zip(upper, lower, strict=True):
            gap = self.points[down] - self.points[up]
            moved[up], moved[down] = 1.0 * gap, -0.03 * gap
        opening = float(np.linalg.norm(self.points[ring[12]] - self.points[ring[4]]))
        centre = self.points[list(ring)].mean(axis=0)
        away = self.points - self.points[ring[4]]
        above = (self.points[:, 1] < centre[1]) & ~np.isin(np.arange(len(moved)), ring)
        near = np.exp(-((away[:, 0] / (0.30 * self.unit)) ** 2) - (away[:, 1] / (0.12 * self.unit)) ** 2)
        moved[above, 1] += (0.55 * opening * near)[above]
        return floats(moved)

    def jaw(self, x: float, y: float) -> Floats:
        """The lower lip, the chin and, less, the cheeks follow the jaw."""
        across = (self.points[:, 0] - self.mouth[0]) / self.unit
        below = (self.points[:, 1] - self.mouth[1]) / self.unit
        swing = np.exp(-((across / 0.95) ** 4))
        cheek = 0.30 * np.exp(-(((np.abs(across) - 0.55) / 0.35) ** 2)) * np.clip(1 + below / 0.6, 0, 1)
        part = np.where(self.is_lower, swing, np.where(below > -0.6, cheek, 0.0))
        part = np.where(self.is_corner, _CORNER, part)
        # The opening is round: toward its corners the lower lip follows less, and so does the skin right below it.
        arch = _CORNER + (1 - _CORNER) * np.sqrt(np.clip(1 - (across / self.half_mouth) ** 2, 0, 1))
        near = np.clip(below / 0.45, 0, 1)
        part = np.where(self.is_lower & ~self.is_corner, np.minimum(part, arch + (1 - arch) * near), part)
        return floats(part[:, None] * floats([x, y]) * self.unit)

    def lip(self, *, is_upper: bool) -> Floats:
        """How much each landmark belongs to one lip, shape (468, 1): 1 on it, fading away from it, 0 on the other."""
        across = (self.points[:, 0] - self.mouth[0]) / self.unit
        below = np.abs(self.points[:, 1] - self.mouth[1]) / self.unit
        part = np.exp(-((across / 0.40) ** 4) - np.clip((below - 0.10) / 0.16, 0, None) ** 2)
        return floats(np.where(self.is_lower != is_upper, part, 0.0)[:, None])

    def seal(self) -> Floats:
        """Lips meet while the jaw is open: both come to where its corners are, whatever the jaw did to them."""
        lips = self.lip(is_upper=True) + self.lip(is_upper=False)
        corner = floats([0, _CORNER * JAW_DROP]) * self.unit
        return floats(lips * (corner - self.jaw(0.0, JAW_DROP)))

    def part(self, up: float, down: float) -> Floats:
        """Lips apart."""
        moved = self.lip(is_upper=True) * floats([0, -up]) + self.lip(is_upper=False) * floats([0, down])
        return floats(moved * self.unit)

    def half(self, y: float, *, is_upper: bool, side: int) -> Floats:
        """One half of a lip up or down; side 1 is the person's left."""
        across = (self.points[:, 0] - self.mouth[0]) / self.unit
        share = 1 / (1 + np.exp(-side * across / 0.08))
        return floats(self.lip(is_upper=is_upper) * share[:, None] * floats([0, y]) * self.unit)

    def round(self, by: float) -> Floats:
        """Lip corners and what lies beside them come to the middle."""
        across = (self.points[:, 0] - self.mouth[0]) / self.unit
        below = (self.points[:, 1] - self.mouth[1]) / self.unit
        pull = np.exp(-((below / 0.32) ** 2) - (np.clip(np.abs(across) - 0.36, 0, None) / 0.3) ** 2)
        inward = -np.tanh(across / 0.2) * by * pull
        return floats(np.stack([inward, np.zeros_like(inward)], axis=1) * self.unit)

    def thin(self, *, is_upper: bool) -> Floats:
        """The outer edge of a lip goes toward the inner one: the lip is rolled in."""
        moved = np.zeros_like(self.points)
        outer, inner = topology.OUTER_LIPS, topology.INNER_LIPS
        for at in range(1, 10) if is_upper else range(11, 20):
            moved[outer[at]] = 0.5 * (self.points[inner[at]] - self.points[outer[at]])
        return moved
