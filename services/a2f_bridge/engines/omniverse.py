"""Omniverse Audio2Face: it takes sound and drives Unreal by itself; no blendshapes come back.

So two things happen: its streaming player is prompted by the presentation schedule (`player`), and our own lip-sync makes
the poses that the bus, the recording and the built-in virtual human see.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import grpc
import msgspec
import numpy as np

from services.a2f_bridge.blendshapes import Poses
from services.a2f_bridge.breaker import Breaker
from services.a2f_bridge.engines.grpc_peer import Connection, open_channel, said
from services.a2f_bridge.engines.omniverse_player import Place, Player, push
from services.a2f_bridge.engines.omniverse_remote import Remote
from services.a2f_bridge.engines.peer_watch import PeerWatch
from services.a2f_bridge.face_animator import FaceAnimator, Speech, Utterance
from shared.audio import VOICE_HZ
from shared.errors import EngineFailed, EngineUnavailable
from shared.stage import Health


class Options(Connection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the application is, and what it should play."""

    address: str = "127.0.0.1:50051"
    rest_url: str = ""
    """Its remote control, as http://127.0.0.1:8011; empty: somebody has set it up by hand."""
    scene: str = ""
    """USD file to load, as the application's machine names it; empty: what is loaded stays."""
    player: str = "/World/audio2face/PlayerStreaming"
    """A *streaming* player."""
    live_link_node: str = "/World/audio2face/StreamLivelink"
    settle_s: float = 2.0
    """Pause after a scene was loaded."""
    delay_ms: float = 150.0
    """From sound played to the face in Unreal: its prediction delay. Calibrate with a clap."""
    watchdog_ms: float = 1000.0
    warm_up_s: float = 60.0
    """How long the application may take to come up."""
    failures: int = 3
    look_again_s: float = 2.0
    look_at_last_s: float = 30.0
    """As for audio2face."""


class Omniverse:
    """One application."""

    name = "omniverse"

    def __init__(self, options: Options, lips: FaceAnimator) -> None:
        """`lips` makes the poses."""
        self._options, self._lips = options, lips
        self.lookahead_s = lips.lookahead_s
        self._place = Place(player=options.player, watchdog_s=options.watchdog_ms / 1000.0)
        self.performer = Player(self._place, options.delay_ms / 1000.0, self._note)
        breaker = Breaker(options.failures, options.look_again_s, options.look_at_last_s)
        self._watch = PeerWatch(self.name, breaker, self._prove)
        self._channel: Any = None
        self._is_set_up = False
        self.broken_stretches = 0
        self._health = Health(engine=self.name, device=f"grpc {options.address}", version=grpc.__version__)

    async def warm_up(self) -> Health:
        """Set the application up, and play it a tenth of a second of silence."""
        began = time.perf_counter()
        await self._lips.warm_up()
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

    def open_utterance(self, after: Utterance | None = None) -> "OmniverseUtterance":
        """See the port."""
        self._watch.demand()
        before = after.inner if isinstance(after, OmniverseUtterance) else None
        return OmniverseUtterance(self, self._lips.open_utterance(before))

    async def close(self) -> None:
        """See the port."""
        await self._watch.close()
        await self.performer.close()
        if self._channel:
            await self._channel.close()
        await self._lips.close()

    @property
    def trouble(self) -> str:
        """What is wrong with the application at the moment."""
        return self._watch.trouble

    def _note(self, failure: EngineFailed | None) -> None:
        if failure:
            self.broken_stretches += 1
            failure = EngineFailed(f"a2f_bridge: omniverse at {self._options.address} {failure}")
        self._watch.note(failure)

    async def _prove(self) -> None:
        """Set up what is not set up; take up a new connection if the player takes sound from it. Raises EngineUnavailable."""
        options = self._options
        if options.rest_url and not self._is_set_up:
            remote = Remote(options.rest_url, options.warm_up_s)
            await asyncio.to_thread(remote.set_up, options.scene, options.live_link_node, options.settle_s)
            self._is_set_up = True
        channel = open_channel(options)
        try:
            await push(channel, self._place, np.zeros(VOICE_HZ // 10, np.float32), options.warm_up_s)
        except (grpc.aio.AioRpcError, EngineFailed) as error:
            self._is_set_up = False  # it may have been started anew
            await channel.close()
            raise EngineUnavailable(
                f"a2f_bridge: omniverse at {options.address}: {said(error)}; start Audio2Face with a scene that has a "
                f"streaming player at {options.player}, or set [a2f_bridge.options.omniverse]"
            ) from error
        before, self._channel = self._channel, channel
        self.performer.use(channel)
        if before:
            await before.close()


class OmniverseUtterance:
    """One clause: its poses are our own, its sound is played when it is due."""

    engine = "omniverse"

    def __init__(self, animator: Omniverse, inner: Utterance) -> None:
        self._animator = animator
        self.inner = inner
        self._broken_before = animator.broken_stretches

    async def push(self, pcm: Speech) -> Poses:
        """See the port. Fails when the player has failed since the clause began."""
        poses = await self.inner.push(pcm)
        self._demand()
        return poses

    async def finish(self) -> Poses:
        """See the port."""
        self._demand()
        return await self.inner.finish()

    async def cancel(self) -> None:
        """See the port."""
        await self.inner.cancel()

    def _demand(self) -> None:
        if self._animator.broken_stretches > self._broken_before:
            raise EngineFailed(self._animator.trouble)


def open_engine(options: Options, others: Callable[[str], FaceAnimator]) -> FaceAnimator:
    """See `shared.engines`."""
    return Omniverse(options, others("embedded"))
