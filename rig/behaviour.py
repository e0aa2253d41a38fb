"""When a recorded visitor opens their mouth: pure choice of the next step, and the shell that acts on it."""

import asyncio

import msgspec

from rig.kiosk_client import Kiosk
from rig.visitor import Step, Visitor, VisitorFile

LOOK_EVERY_S = 0.02


class Manner(msgspec.Struct, kw_only=True):
    """How far a visitor has come in what they have to say."""

    talked: int = 0
    answered: dict[str, int] = {}


def next_step(described: VisitorFile, manner: Manner, scene: str, look: str) -> Step | None:
    """What this visitor would do next, here; None: nothing. `manner` is not changed."""
    place = place_of(described, scene, look)
    if place:
        clips = described.answers[place]
        return Step(say=clips[min(manner.answered.get(place, 0), len(clips) - 1)]) if clips else None
    if not described.talk or (described.then == "silent" and manner.talked >= len(described.talk)):
        return None
    return described.talk[manner.talked % len(described.talk)]


def place_of(described: VisitorFile, scene: str, look: str) -> str:
    """Under which key of `answers` this scene falls: its own name before its look; empty: none."""
    return next((name for name in (scene, look) if name in described.answers), "")


def done(described: VisitorFile, manner: Manner, scene: str, look: str) -> None:
    """Count a step that was taken."""
    place = place_of(described, scene, look)
    if place:
        manner.answered[place] = manner.answered.get(place, 0) + 1
    else:
        manner.talked += 1


async def behave(kiosk: Kiosk, visitor: Visitor) -> None:
    """Take part in the conversation until the visit is over."""
    described, manner = visitor.file, Manner()
    answered_at = 0.0
    while not kiosk.is_over.is_set():
        await asyncio.sleep(LOOK_EVERY_S)
        scene, look = kiosk.scene, kiosk.look
        step = next_step(described, manner, scene, look)
        if step is None or not _is_time(kiosk, described, step, answered_at):
            continue
        if step.silent_s:
            await asyncio.sleep(step.silent_s)
        if step.say:
            clip = described.speech[step.say]
            spoken = await kiosk.say(step.say, clip.text, visitor.clips[step.say])
            answered_at = spoken.speech_ended_at
        done(described, manner, scene, look)


def _is_time(kiosk: Kiosk, described: VisitorFile, step: Step, answered_at: float) -> bool:
    """A polite visitor waits for words of the mirror in this scene, and then for its silence; who talks over it does not."""
    if step.silent_s:
        return True
    if step.overlap_s:
        return kiosk.sounding_s >= step.overlap_s
    has_been_addressed = kiosk.last_sound_at > max(answered_at, kiosk.scene_at)
    return kiosk.is_open and has_been_addressed and kiosk.silence_s >= described.pause_s
