"""The face of one visit: speech and control in, poses and datagrams out."""

import asyncio
import random
from collections.abc import Iterable
from contextlib import suppress

from services.a2f_bridge.animation import SpeechAnimation
from services.a2f_bridge.attract import Attract
from services.a2f_bridge.beat import Beat
from services.a2f_bridge.blendshapes import POSE_HZ
from services.a2f_bridge.config import BridgeConfig
from services.a2f_bridge.face_animator import FaceAnimator
from services.a2f_bridge.idle.life import IdleLife
from services.a2f_bridge.live_link import Encoder
from services.a2f_bridge.prompter import Prompter
from services.a2f_bridge.sender import RESOLVE_AGAIN_S
from services.a2f_bridge.senders import LiveLinkSenders
from services.a2f_bridge.speaking import SpeakingFace
from services.a2f_bridge.timeline import Speech
from services.a2f_bridge.whole_face import WholeFace
from shared.errors import BadInput
from shared.events import (
    AnyEvent,
    Attention,
    EpochAdvanced,
    FaceFlushed,
    PoseTrack,
    SpeechChunk,
    SpeechDue,
    SpeechEnded,
    SpeechHeld,
    TurnDiscarded,
)
from shared.stage import Visit, VisitWorkerBase

FLUSHED_SEQ = 999_999_999


class BridgeWorker(VisitWorkerBase):
    """See the module. It runs ahead of the loudspeaker by the length of the video path."""

    def __init__(
        self, config: BridgeConfig, animator: FaceAnimator, sender: LiveLinkSenders, attract: Attract, visit: Visit
    ) -> None:
        self._animator, self._sender, self._attract = animator, sender, attract
        self._prompter = Prompter(animator.performer) if animator.performer else None
        self._outlet, self._clock = visit.outlet, visit.clock
        self._lead_s = config.av_offset_ms / 1000.0
        self._encoder = Encoder(config.subject.replace("{session}", visit.session))
        life = IdleLife(random.Random(visit.session).random, self._at_glass())
        self._face = WholeFace(SpeakingFace(), life, config.head_gain)
        self._animations: dict[Speech, SpeechAnimation] = {}
        self._newest_turn: dict[int, int] = {}
        self._closed = asyncio.Event()
        """The mouth has closed after an epoch: say so."""
        self._told = asyncio.Event()
        """It has been said, or there was nothing to say."""
        self._told.set()
        self.skipped_ticks = 0

    def _at_glass(self) -> float:
        """The instant at which a pose that leaves now is seen."""
        return self._clock.now() + self._lead_s

    # --- control ----------------------------------------------------------------------------------------------------

    def overhear(self, event: AnyEvent) -> None:
        """Time the face, colour it, or close it."""
        speaking = self._face.speaking
        match event:
            case SpeechDue():
                speaking.due(Speech(event.speech_turn, event.speech_rev), event.from_sample, event.due_at)
            case SpeechHeld():
                speaking.hold(event.speech_turn, event.at_sample)
            case TurnDiscarded():
                speaking.discard(event.discarded_turn, event.discarded_rev)
            case EpochAdvanced():
                speaking.advance(event.epoch, self._at_glass())
                if speaking.is_flushing:
                    self._told.clear()
            case Attention():
                self._face.life.feel(event.mood, self._at_glass())
            case _:
                pass  # control speaks to every stage

    # --- speech -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Animate again what is still to sound: the control stream has been overheard, the voice is recalled."""
        spoken = await self._outlet.recall("voice")
        for event in spoken:
            self._note_turn(event)
        if self._face.speaking.flushed(float("inf")) is not None:
            await self._tell_flushed()
        oldest = max((speech.turn for speech in self._face.speaking.scheduled()), default=0)
        for event in spoken:
            if event.turn >= oldest:
                with suppress(BadInput):  # it will be met, and buried, in its turn
                    await self.handle(event)

    async def handle(self, event: AnyEvent) -> None:
        """Animate a stretch of speech and publish its poses."""
        self._note_turn(event)
        if not isinstance(event, SpeechChunk | SpeechEnded) or event.epoch < self._face.speaking.epoch:
            return
        animation = await self._animation(Speech(event.turn, event.rev))
        if isinstance(event, SpeechChunk):
            await animation.take(event)
        else:
            await animation.end(event.samples)
        await self._publish(event, animation)

    async def _animation(self, speech: Speech) -> SpeechAnimation:
        if speech not in self._animations:
            await self._cancel({old for old in self._animations if old < speech})  # tts never returns to an earlier one
            self._animations[speech] = SpeechAnimation(self._animator)
        return self._animations[speech]

    async def _publish(self, event: SpeechChunk | SpeechEnded, animation: SpeechAnimation) -> None:
        first, poses = animation.poses()
        timeline = self._face.speaking.timeline(Speech(event.turn, event.rev), event.epoch)
        timeline.extend(poses)
        if self._prompter:
            self._prompter.hear(event)
        if isinstance(event, SpeechEnded):
            timeline.complete(event.samples)
        if len(poses) == 0:
            return
        await self._told.wait()  # a new epoch's poses must not stand before the word that the old ones are gone
        await self._outlet.publish(
            PoseTrack(
                epoch=event.epoch,
                turn=event.turn,
                rev=event.rev,
                seq=event.rev * 1_000_000 + first + 1,
                trace=event.trace,
                first_index=first,
                weights=poses.astype("<f4").tobytes(),
                engine=animation.engine,
            )
        )

    async def _cancel(self, speeches: Iterable[Speech]) -> None:
        for speech in speeches:
            if animation := self._animations.pop(speech, None):
                await animation.cancel()

    def _note_turn(self, event: AnyEvent) -> None:
        self._newest_turn[event.epoch] = max(event.turn, self._newest_turn.get(event.epoch, 0))

    # --- the moving face --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Sixty poses a second, and the word that a closing is done."""
        self._attract.give_way(self)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tick())
            group.create_task(self._tell_closings())
            group.create_task(self._find_unreal())

    async def _tick(self) -> None:
        beat = Beat(self._clock.now(), POSE_HZ)
        while True:
            await self._clock.sleep_until(beat.at)
            beat.catch_up(self._clock.now())
            self.skipped_ticks = beat.skipped
            due_at = beat.at + self._lead_s
            self._sender.send(self._encoder.packet(self._face.values(due_at), due_at))
            if self._prompter:
                self._prompter.follow(self._face.speaking, due_at)
            if self._face.speaking.flushed(due_at) is not None:
                self._closed.set()
            beat.advance()

    async def _tell_closings(self) -> None:
        while True:
            await self._closed.wait()
            self._closed.clear()
            await self._tell_flushed()
            await self._cancel(set(self._animations) - self._face.speaking.known())

    async def _tell_flushed(self) -> None:
        epoch = self._face.speaking.epoch
        turn = max((turn for old, turn in self._newest_turn.items() if old < epoch), default=0)
        await self._outlet.publish(FaceFlushed(epoch=epoch, turn=turn, seq=FLUSHED_SEQ, flushed_epoch=epoch))
        self._told.set()

    async def _find_unreal(self) -> None:
        while True:
            await self._sender.resolve()
            await self._clock.sleep_until(self._clock.now() + RESOLVE_AGAIN_S)

    async def close(self) -> None:
        """Forget the visitor."""
        await self._cancel(set(self._animations))
        self._attract.over(self)
