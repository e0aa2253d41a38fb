"""The stage: opens the engine and the way to Unreal, and gives each visit a face."""

from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec

from services.a2f_bridge.attract import Attract
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.engines import ENGINES
from services.a2f_bridge.face_animator import FaceAnimator
from services.a2f_bridge.live_link import Encoder
from services.a2f_bridge.senders import LiveLinkSenders
from services.a2f_bridge.visit import BridgeWorker
from shared.clock import Clock, HostClock
from shared.config import section
from shared.stage import Health, Stage, Visit


def open_stage(settings: dict[str, Any]) -> Stage:
    """The stage as configured. Raises ConfigError, EngineUnavailable."""
    config = section(settings, "a2f_bridge", BridgeConfig)
    return BridgeStage(config, ENGINES.open(config))


class BridgeStage:
    """One engine and one sender, shared by the visits of this process."""

    name: ClassVar[str] = "a2f_bridge"
    reads: ClassVar[Sequence[str]] = ("voice",)

    def __init__(self, config: BridgeConfig, animator: FaceAnimator, clock: Clock | None = None) -> None:
        self.config = config
        self.animator = animator
        self.sender = LiveLinkSenders(config.destinations())
        self.attract = Attract(config, self._send, clock or HostClock())
        Encoder(config.subject)  # a wrong name is refused now, not in the first visit

    async def warm_up(self) -> Health:
        """Warm the engine, look Unreal's host up, and show a sleeping face."""
        await self.animator.warm_up()
        await self.sender.resolve()
        self.attract.begin()
        return self.health()

    def health(self) -> Health:
        """How the engine is, and whether anything can be sent."""
        health = self.animator.health()
        trouble = self.sender.last_error
        return msgspec.structs.replace(
            health, is_degraded=health.is_degraded or bool(trouble), last_error=trouble or health.last_error
        )

    def _send(self, datagram: bytes) -> None:
        self.sender.send(datagram)

    def open_visit(self, visit: Visit) -> BridgeWorker:
        """A face for one visit."""
        return BridgeWorker(self.config, self.animator, self.sender, self.attract, visit)

    @property
    def idle_place(self) -> str:
        """Whose poses arrive there move the same face."""
        return f"{self.config.subject} {' '.join(f'{host}:{port}' for host, port in self.config.destinations())}"

    def may_idle(self, *, is_allowed: bool) -> None:
        """A sibling, or its visit, moves the same face: two senders would fight over it."""
        if is_allowed:
            self.attract.over(self)
        else:
            self.attract.give_way(self)

    async def close(self) -> None:
        """Let go of engine and socket."""
        await self.attract.end()
        self.sender.close()
        await self.animator.close()
