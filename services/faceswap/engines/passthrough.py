"""Test-only engine: swaps nothing, needs nothing, and says so (`is_swapped` stays False)."""

from collections.abc import Callable

import msgspec

from services.faceswap.face_swapper import FaceSwapper, Image, Patch, Points, SourceFace


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It has none."""


def open_engine(options: Options, others: Callable[[str], FaceSwapper]) -> "Passthrough":
    """The engine."""
    del options, others
    return Passthrough()


class Passthrough:
    """Leaves every frame as it is."""

    name = "passthrough"
    device = "cpu"

    def warm_up(self) -> None:
        """Nothing to load."""

    def prepare(self, photo: Image) -> SourceFace:
        """Nothing to learn."""
        del photo
        return SourceFace(engine=self.name)

    def swap(self, frame: Image, source: SourceFace, face: Points) -> Patch | None:
        """No patch."""
        del frame, source, face
        return None

    def forget(self) -> None:
        """Nothing to drop."""

    def close(self) -> None:
        """Nothing to let go of."""
