"""The built-in virtual human: listens for Live Link poses like Unreal, and draws them on a portrait."""

from collections.abc import Callable

import msgspec

from services.faceswap.sources.stand_in.drawing import Artist
from services.faceswap.sources.stand_in.live_link import Pose
from services.faceswap.sources.stand_in.receiver import Receiver
from services.faceswap.video_source import Shot, VideoSource, VideoStatus


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings under [faceswap.source_options.stand_in]."""

    live_link_listen: str = "127.0.0.1:11111"
    """Where a2f_bridge sends poses, host:port; 11111 is the port Unreal listens on. Port 0: any free one (tests)."""


def open_engine(options: Options, others: Callable[[str], VideoSource]) -> "StandIn":
    """The source, not yet open."""
    del others
    return StandIn(options)


STALE_S = 1.0
"""A pose due this long ago is none of this moment's."""


class StandIn:
    """Draws the newest pose whenever a picture is asked for."""

    name = "stand_in"
    trouble = ""

    def __init__(self, options: Options) -> None:
        self.receiver = Receiver(options.live_link_listen)
        self._artist: Artist | None = None
        self._pose = Pose()

    def open(self, width: int, height: int) -> None:
        """Listen, and get the portrait ready."""
        self.receiver.open()
        self._artist = Artist(width, height)

    def newest(self, now: float) -> Shot | None:
        """The head as it is now."""
        if self._artist is None:
            return None
        self._pose = self.receiver.newest() or self._pose
        # After a rest the socket still holds what came when it began: such a pose may be drawn, but tells nothing of lateness.
        due_at = self._pose.due_at if abs(now - self._pose.due_at) < STALE_S else 0.0
        return Shot(pixels=self._artist.draw(self._pose), captured_at=now, pose_due_at=due_at)

    def status(self) -> VideoStatus:
        """It draws whenever it is asked: there is nothing that could be late."""
        return VideoStatus(connections=1)

    def close(self) -> None:
        """Stop listening."""
        self.receiver.close()
        self._artist = None
