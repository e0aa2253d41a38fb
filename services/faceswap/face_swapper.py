"""The port: a face swapper learns one photo and then lays that face onto any tracked face."""

from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""A picture, shape (height, width, 3), BGR."""
Mask = NDArray[np.uint8]
"""How much of a patch covers the picture, shape (height, width), 0 (nothing) to 255 (all)."""
Points = NDArray[np.float32]
"""Landmarks of the 468-point mesh, shape (468, 3): x and y in pixels, z in the same unit, growing away from the viewer."""


class SourceFace(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine keeps of a visitor's photo. Each engine has its own; nobody else looks inside."""

    engine: str


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle of new picture and how much of it counts. Never larger than the face needs."""

    left: int
    top: int
    pixels: Image
    mask: Mask


class FaceSwapper(Protocol):
    """One engine. Not thread-safe: called from one worker thread."""

    @property
    def name(self) -> str:
        """The word of the settings for what swaps now."""
        ...

    @property
    def device(self) -> str:
        """Where it computes: `cpu`, `cuda, graph`, ... A slower one than was asked for is said here, never hidden."""
        ...

    def warm_up(self) -> None:
        """Load the models and do one real inference. Raises EngineUnavailable."""
        ...

    def prepare(self, photo: Image) -> SourceFace:
        """Learn the one face in a photo that passed `quality`; once a visit.

        Raises:
            BadInput: The engine finds no face in it.
            EngineFailed: The engine itself failed.
        """
        ...

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """The visitor's face for the face at `face` in `frame`; `frame` is not changed.

        Consecutive frames of one film are expected: light and colour are smoothed over time.

        Returns:
            The patch to lay on the frame; None if this engine leaves the frame as it is.

        Raises:
            EngineFailed: The engine failed on this frame.
        """
        ...

    def forget(self) -> None:
        """Drop everything learned from frames and photos: a visit ended or the picture jumped."""
        ...

    def close(self) -> None:
        """Let go of the models."""
        ...
