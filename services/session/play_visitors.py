"""Invented visitors for the simulation. They say nothing about real people; they find the holes in a play."""

import msgspec


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """How one kind of visitor behaves."""

    name: str
    agrees: float = 1.0
    """Chance of a yes at the gate."""
    is_unclear: float = 0.0
    """Chance of an answer at the gate that is neither."""
    gives: float = 0.6
    """Chance that an answer gives a signal of its scene."""
    pause_s: float = 1.2
    """Mean pause before speaking."""
    speech_s: float = 5.0
    """Mean length of what is said."""
    speaks: float = 1.0
    """Chance of answering at all when the mirror has spoken."""
    cuts: float = 0.0
    """Chance of speaking over the mirror."""
    refuses: float = 0.0
    """Chance that an answer is a refusal."""
    dictates: float = 0.0
    leaves: float = 0.0
    """Chance of walking away, at each turn."""
    face_passes: float = 0.9
    """Chance that a burst passes."""
    voice_passes: float = 0.9
    has_model: bool = True
    """False: no model answers in this visit."""


VISITORS: tuple[Visitor, ...] = (
    Visitor(name="warm", gives=0.7, speech_s=6.0),
    Visitor(name="terse", gives=0.35, pause_s=2.5, speech_s=1.2, is_unclear=0.1),
    Visitor(name="rambling", gives=0.5, pause_s=0.8, speech_s=22.0),
    Visitor(name="silent", gives=0.25, pause_s=3.0, speech_s=1.0, speaks=0.25),
    Visitor(name="hostile", agrees=0.6, is_unclear=0.2, gives=0.1, speech_s=4.0, refuses=0.3, dictates=0.2, cuts=0.3),
    Visitor(name="cutter", gives=0.6, speech_s=3.0, cuts=0.8),
    Visitor(name="leaver", leaves=0.08),
    Visitor(name="unlucky", face_passes=0.15, voice_passes=0.15),
    Visitor(name="model down", has_model=False),
)
