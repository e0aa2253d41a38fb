"""May this visit be kept? Two must say so: the operator, by the switch, and the visitor, aloud. Pure.

A yes to being copied is no yes to being kept: `consent` is about five minutes and a promise to forget. A play that wants to
be recorded asks for it in words of its own, and the signal of that yes `gives: [recording]`.
"""

import msgspec

from services.session import director
from services.session.play import Play
from services.session.play_events import AnyTold
from shared.errors import ConfigError
from shared.events import PlayTold

RECORDING = "recording"
"""The fact of a play that is the visitor's yes to being recorded."""

COPYING = "consent"

KEPT = ("finished", "left", "failed")
"""Ends after which a visit may be kept. Not after `declined`, nor the operator's `stop`, which may be the visitor's wish."""

_TOLD: msgspec.msgpack.Decoder[AnyTold] = msgspec.msgpack.Decoder(AnyTold)


def require_question(play: Play) -> None:
    """Raise ConfigError if no visitor of this play could ever agree."""
    if RECORDING not in play.facts:
        raise ConfigError(
            f"record: the play {play.id!r} never asks whether it may record, so nobody can agree; add a fact "
            f"{RECORDING!r} and a signal that gives it (docs/recording.md)"
        )


class Consent:
    """What the visitor has agreed to so far, from the log of what the play was told."""

    def __init__(self, play: Play, language: str) -> None:
        self._state = director.open_play(play, language)

    def hear(self, event: PlayTold) -> None:
        """One entry of the stream `play`. Raises msgspec.MsgspecError if it is none."""
        self._state, _ = director.step(self._state, _TOLD.decode(event.told), event.now)

    @property
    def is_given(self) -> bool:
        """Both: to be copied, and to be recorded."""
        return {COPYING, RECORDING} <= set(self._state.facts)

    def may_keep(self, closed_reason: str) -> bool:
        """Whether the visit may be kept, now that it is over."""
        return self.is_given and closed_reason in KEPT
