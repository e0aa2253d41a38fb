"""`mirror bench conversation`: our own share of the delay, with every engine replaced by one that only waits.

The bus, the stage runner, the session service and the kiosk's socket are the real ones. Every turn takes the whole path
(microphone, asr, session, llm, tts, session, loudspeaker): guessing ahead is off, so no hop can hide behind a wait.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from rig.bus_tap import BusTap
from rig.kiosk_client import Kiosk, kiosk
from rig.measures import percentiles
from rig.options import Options
from rig.signals import stopping_cleanly
from rig.supervisor import running_mirror
from rig.turn_times import Turn, turns_of
from rig.visitor import Samples
from rig.waiting import WAITING
from shared.audio import MICROPHONE_HZ
from shared.errors import EngineFailed
from shared.loop import run

PLAY = Path(__file__).with_name("bench_play.yaml")
SETTINGS = (*WAITING, 'llm.options.scripted.replies=[[{text = "Go on.", wait_s = 0.05}]]')
SPEECH_S = 0.4
PAUSE_S = 0.25
PATIENCE_S = 6.0
"""A turn that is not answered within this is given up; the next begins."""

Progress = Callable[[str, float], None]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured."""

    turns: int
    """How many answers were measured."""
    asked: int
    """How many times something was said."""
    own_share_ms: dict[str, float | None]
    latency_ms: dict[str, float | None]
    engines_ms: dict[str, float | None]
    """What the waiting engines took, all together."""
    samples_ms: list[float]


def bench_conversation(turns: int, progress: Progress) -> Result:
    """Hold a conversation of so many turns.

    Raises:
        MirrorError: The mirror could not be started, or never answered.
    """
    return run(stopping_cleanly(_bench(turns, progress)))


async def _bench(turns: int, progress: Progress) -> Result:
    progress("waking the mirror", 0.0)
    options = Options(port=0, script=str(PLAY), sets=SETTINGS)
    async with (
        running_mirror(options) as mirror,
        kiosk(mirror.socket_url, mirror.kiosk_token, language="en", burst=[], keeps_pictures=False) as client,
        asyncio.TaskGroup() as group,
    ):
        tap = BusTap(mirror.redis.url, look_s=0.1)
        devices = group.create_task(client.run())
        await client.approach()
        await client.has_begun.wait()
        listening = group.create_task(tap.listen(client.recording.session))
        await _converse(client, turns, progress)
        for task in (listening, devices):
            task.cancel()
    client.recording.sounded = client.loudspeaker.sounded
    return result(turns_of(client.recording, tap.events), len(client.recording.spoken))


async def _converse(client: Kiosk, turns: int, progress: Progress) -> None:
    speech = _speech()
    await _heard(client, after=client.recording.approached_at)
    for number in range(turns + 1):  # one more: the yes
        progress(f"turn {number} of {turns}", number / (turns + 1))
        spoken = await client.say("noise", "yes", speech)
        await _heard(client, after=spoken.speech_ended_at)
        if client.is_over.is_set():
            raise EngineFailed(f"bench: the visit ended after {number} turns: {client.recording.closed_reason}")


async def _heard(client: Kiosk, *, after: float) -> None:
    """Wait for words of the mirror and for their end; after a while go on without."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + PATIENCE_S
    while loop.time() < give_up_at and not client.is_over.is_set():
        await asyncio.sleep(0.01)
        if client.last_sound_at > after and client.silence_s > PAUSE_S:
            return


def _speech() -> Samples:
    """What counts as speech for a detector that only knows loudness."""
    noise = np.random.default_rng(7).standard_normal(round(SPEECH_S * MICROPHONE_HZ))
    return np.asarray(0.1 * noise, dtype=np.float32)


def result(turns: list[Turn], asked: int) -> Result:
    """The numbers of a conversation."""
    measured = [turn for turn in turns if turn.own_share_ms is not None and turn.latency_ms is not None]
    shares = [turn.own_share_ms for turn in measured if turn.own_share_ms is not None]
    if not shares:
        raise EngineFailed("bench: not one answer could be measured; see the services' logs with `mirror demo`")
    return Result(
        turns=len(measured),
        asked=asked,
        own_share_ms=percentiles(shares, 50, 95, 99),
        latency_ms=percentiles([turn.latency_ms for turn in measured if turn.latency_ms is not None], 50, 95),
        engines_ms=percentiles([sum(turn.engine_ms.values()) for turn in measured], 50, 95),
        samples_ms=shares,
    )
