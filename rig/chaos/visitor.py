"""The visitor of a disturbed visit: polite, tireless, and of a different length each time they open their mouth."""

import asyncio
from random import Random

import numpy as np

from rig.chaos.lasting_kiosk import LastingKiosk
from rig.visitor import Samples
from shared.audio import MICROPHONE_HZ

LOOK_EVERY_S = 0.01
PATIENCE_S = 6.0
"""Without a word of the mirror for this long, the visitor says something again."""

ENROLLING = ("look", "question")
"""Scenes in which face and voice are taken."""

LAST_SCENES = ("farewell", "goodbye")
SILENT_SCENES = ("look", *LAST_SCENES, "")
LONG_SCENE, LONG_S = "question", 3.9
SHORT_S = (0.5, 0.56, 0.92)
"""They end inside a vowel: an end in a decay would be heard late."""

SYLLABLE_S, VOWEL_S, DECAY_S, LEVEL = 0.36, 0.2, 0.02, 0.15
"""Noise in syllables: 0.2 s, then dying away. So a detector of loudness hears speech, and the gates of the voice a dry room."""


def speech(seconds: float, seed: int) -> Samples:
    """So much of it, shape (n,)."""
    n = round(seconds * MICROPHONE_HZ)
    phase = (np.arange(n) / MICROPHONE_HZ) % SYLLABLE_S
    envelope = np.where(phase < VOWEL_S, 1.0, np.exp(-(phase - VOWEL_S) / DECAY_S))
    noise = np.random.default_rng(seed).standard_normal(n)
    return np.asarray(LEVEL * envelope * noise, dtype=np.float32).clip(-1.0, 1.0)


def state_of(client: LastingKiosk) -> str:
    """enrolling, speaking, thinking, listening or farewell: where the visit is now, as the kiosk knows it."""
    if client.scene in ENROLLING:
        return "enrolling"
    if client.scene in LAST_SCENES:
        return "farewell"
    if client.loudspeaker.is_sounding:
        return "speaking"
    spoken = client.recording.spoken
    is_waiting = bool(spoken) and spoken[-1].speech_ended_at > client.last_sound_at
    return "thinking" if is_waiting and not client.microphone.is_speaking else "listening"


async def converse(client: LastingKiosk, random: Random) -> None:
    """Answer whenever the mirror has spoken, until the visit is over."""
    while not client.is_over.is_set():
        await _turn_comes(client, random.uniform(0.25, 0.6))
        if client.is_over.is_set():
            return
        seconds = LONG_S if client.scene == LONG_SCENE else random.choice(SHORT_S)
        await client.say("noise", "", speech(seconds, random.randrange(1 << 30)))


async def _turn_comes(client: LastingKiosk, pause_s: float) -> None:
    """The mirror has spoken in this scene and is silent now, or says nothing at all."""
    began_at = client.now()
    while not client.is_over.is_set():
        await asyncio.sleep(LOOK_EVERY_S)
        if client.scene in SILENT_SCENES or not client.is_open:
            began_at = client.now()
            continue
        spoken = client.recording.spoken
        answered_at = spoken[-1].speech_ended_at if spoken else 0.0
        has_spoken = client.last_sound_at > max(answered_at, client.scene_at)
        if (has_spoken and client.silence_s > pause_s) or client.now() - began_at > PATIENCE_S:
            return
