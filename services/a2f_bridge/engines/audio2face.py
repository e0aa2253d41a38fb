"""NVIDIA Audio2Face-3D over gRPC: one call a clause, its blendshapes by name, whatever goes wrong told at once."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
import msgspec
import numpy as np

from services.a2f_bridge.breaker import Breaker
from services.a2f_bridge.engines.audio2face_clip import BEHIND_S, FAREWELL_S, Clip
from services.a2f_bridge.engines.audio2face_utterance import Audio2FaceUtterance, Delivery
from services.a2f_bridge.engines.audio2face_wire import Manner
from services.a2f_bridge.engines.grpc_peer import Connection, check_health, open_channel, said
from services.a2f_bridge.engines.peer_watch import PeerWatch
from services.a2f_bridge.engines.protos import PROCESS_AUDIO_STREAM
from services.a2f_bridge.face_animator import FaceAnimator, Utterance
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed, EngineUnavailable
from shared.stage import Health

WARM_SAMPLES = VOICE_HZ // 2
"""Sound of the clip that proves the peer."""


class Options(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the peer is, and how its face should be played."""

    address: str = "127.0.0.1:52000"
    watchdog_ms: float = 400.0
    """Without a message for so long while poses are owed, the peer is given up for this clause."""
    look_ahead_ms: float = 350.0
    """Sound beyond a pose that the peer needs: 260 ms of window, the frame after it, and some ease. About 1000 for a diffusion model."""
    trailing_ms: float = 400.0
    """Silence sent after a clause and never played, with a neutral face: without it mouths stay open."""
    warm_up_s: float = 10.0
    """How long the first clip after a start may take."""
    failures: int = 3
    """After so many clauses in a row that failed, the peer is left alone until it answers a look again."""
    look_again_s: float = 2.0
    look_at_last_s: float = 30.0
    """Pause before the first look; it doubles up to the last."""
    emotion: dict[str, float] = msgspec.field(default_factory=dict)
    """What the face feels in every clause, 0..1 by name; empty: nothing."""
    face_parameters: dict[str, float] = msgspec.field(default_factory=dict)
    """By their names at run time, e.g. `lowerFaceStrength`; empty: as the peer is deployed."""
    multipliers: dict[str, float] = msgspec.field(default_factory=dict)
    offsets: dict[str, float] = msgspec.field(default_factory=dict)
    """Of single blendshapes, by name, applied by the peer."""


class Audio2Face:
    """One peer, its channel, and whether it is worth asking."""

    name = "audio2face"
    performer = None

    def __init__(self, options: Options) -> None:
        self._options = options
        self.lookahead_s = options.look_ahead_ms / 1000.0
        self._delivery = _delivery(options)
        self._watch = PeerWatch(
            self.name, Breaker(options.failures, options.look_again_s, options.look_at_last_s), self._prove
        )
        self._channel: Any = None
        self._clips: set[Clip] = set()
        self._health = Health(engine=self.name, device=f"grpc {options.address}", version=grpc.__version__)

    async def warm_up(self) -> Health:
        """Animate half a second of silence over there."""
        began = time.perf_counter()
        try:
            await self._prove()
        except EngineUnavailable as error:
            self._watch.trip(str(error))
            raise
        self._watch.note(None)
        self._health = msgspec.structs.replace(self._health, warm_s=time.perf_counter() - began)
        return self._health

    def health(self) -> Health:
        """See the port."""
        trouble = self._watch.trouble
        return msgspec.structs.replace(self._health, is_degraded=bool(trouble), last_error=trouble)

    def open_utterance(self, after: Utterance | None = None) -> Audio2FaceUtterance:
        """See the port."""
        del after  # every clip stands alone
        self._watch.demand()
        return Audio2FaceUtterance(self._begin_clip, self._delivery, self._watch.note)

    def _begin_clip(self) -> Clip:
        """A call on the present connection."""
        self._channel = self._channel or open_channel(self._options)
        return self._begin(self._channel, self._options.watchdog_ms / 1000.0, BEHIND_S)

    def _begin(self, channel: Any, watchdog_s: float, behind_s: float) -> Clip:
        call = channel.stream_stream(
            PROCESS_AUDIO_STREAM.path,
            PROCESS_AUDIO_STREAM.request.SerializeToString,
            PROCESS_AUDIO_STREAM.response.FromString,
        )
        clip = Clip(call(), watchdog_s, behind_s)
        self._clips.add(clip)
        clip.reader.add_done_callback(lambda _: self._clips.discard(clip))
        return clip

    async def _prove(self) -> None:
        """Take up a new connection if a clip comes through it. Raises EngineUnavailable."""
        channel = open_channel(self._options)
        patience_s = self._options.warm_up_s
        try:
            await check_health(channel, patience_s)
            proof = Audio2FaceUtterance(
                lambda: self._begin(channel, patience_s, patience_s), self._delivery, lambda _: None
            )
            await proof.push(np.zeros(WARM_SAMPLES, np.float32))
            await proof.finish()
        except (grpc.aio.AioRpcError, EngineFailed, EngineUnavailable) as error:
            await channel.close()
            why = (
                said(error) if isinstance(error, EngineFailed) else f"a2f_bridge: {self._delivery.peer}: {said(error)}"
            )
            raise EngineUnavailable(f"{why}; start the peer, or set [a2f_bridge.options.audio2face] address") from error
        before, self._channel = self._channel, channel
        if before:
            await before.close()

    async def close(self) -> None:
        """Read the end of what is complete, then hang up."""
        await self._watch.close()
        for clip in self._clips:
            if not clip.is_let_go:
                clip.cancel()
        if self._clips:
            await asyncio.wait({clip.reader for clip in self._clips}, timeout=FAREWELL_S)
        if self._channel:
            await self._channel.close()


def _delivery(options: Options) -> Delivery:
    return Delivery(
        peer=f"audio2face at {options.address}",
        manner=Manner(
            emotion=options.emotion,
            face_parameters=options.face_parameters,
            multipliers=options.multipliers,
            offsets=options.offsets,
        ),
        look_ahead_samples=round(options.look_ahead_ms / 1000.0 * VOICE_HZ),
        trailing_samples=round(options.trailing_ms / 1000.0 * VOICE_HZ),
    )


def open_engine(options: Options, _others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """See `shared.engines`."""
    return Audio2Face(options)
