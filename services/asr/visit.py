"""One visit's hearing: hands sound to the listener, carries out what the ear orders, publishes what was understood."""

import asyncio
from typing import ClassVar, NamedTuple

import msgspec

from services.asr import ear as ears
from services.asr import hearing
from services.asr.decoding import Decoding
from services.asr.ear import AskTurn, EarSettings, Finish, Order, Pause
from services.asr.enrolment import Enrolment
from services.asr.inference import Decoded, Inference
from services.asr.listener import Listener
from services.asr.partials import Agreement, agree
from services.asr.recovery import where_we_were
from services.asr.surroundings import Surroundings
from shared.errors import Fenced
from shared.events import AnyEvent, Event, MicrophoneChunk
from shared.stage import Visit, VisitWorkerBase

LAG_S = 0.5
"""Sound older than this is a backlog: no guesses and partials, which nobody waits for any more."""

STALL_S = 2.5
"""Without any sound for this long, what is going on has ended: the kiosk is gone, or its microphone is. A Redis that restarts or has no
room for a moment holds sound up for less, and then brings all of it: what was said through that must not be cut in two."""

CHECKPOINT_EVERY_CHUNKS = 250
"""In a long silence the checkpoint moves every 5 s, so that a successor has little to hear again."""

KEEP_S = 1.0
"""Sound before that checkpoint's end that a successor hears again: pre-roll, and the VAD's warming up."""

ORPHAN_S = 1.0
"""An utterance begun before us must have been found again this long after it was last spoken of."""

PARTIAL_SHARE = 8.0
"""From one partial decode's beginning to the next passes at least this many times what it took: an eighth of a core, and
seldom is one in the way of the decode that the visitor waits for."""


class Noticed(NamedTuple):
    """An order, and the host time from which its carrying out counts as the engine's time."""

    order: Order
    since: float


class HearingWorker(VisitWorkerBase):
    """Hears one visitor."""

    holds_checkpoint: ClassVar[bool] = True

    def __init__(self, visit: Visit, settings: EarSettings, inference: Inference) -> None:
        self._outlet = visit.outlet
        self._now = visit.clock.now
        self._visit = visit
        self._settings = settings
        self._inference = inference
        self._surroundings = Surroundings(visit.language)
        self._listener = Listener(settings, inference.open_detector(), self._surroundings)
        self._enrolment = Enrolment(visit.outlet, inference, self._surroundings)
        self._last_sound_at = visit.clock.now()
        # Blocks when full: no speech event may be lost, and a bus that is away this long stops the ear with it.
        self._orders: asyncio.Queue[Noticed] = asyncio.Queue(256)
        self._decoding = Decoding(visit.session, inference, self._listener, self._surroundings)
        self._finishing: asyncio.Task[None] | None = None
        self._agreement = (0, Agreement())
        self._next_partial_at = 0.0
        self._checkpoint = 0
        self._orphan, self._orphan_until = 0, 0.0

    async def start(self) -> None:
        """Find out which utterances a worker before us has finished, and what it had gathered of the visitor's voice."""
        place = where_we_were(await self._outlet.recall("hearing"))
        self._listener.go_on(place.next_number, place.deaf_until)
        self._orphan, self._orphan_until = place.orphan, place.orphan_seen_at + ORPHAN_S
        self._decoding.go_on(place.last_final)
        await self._enrolment.resume()
        self._inference.expect_language(self._visit.language)

    def overhear(self, event: AnyEvent) -> None:
        """Scene, loudspeaker, capture, epoch."""
        self._surroundings.tell(event)
        self._enrolment.obey()

    async def close(self) -> None:
        """Forget the visitor's sound and words."""
        self._listener.forget()
        self._enrolment.forget()
        self._decoding.forget()
        self._agreement = (0, Agreement())

    # --- sound in ---------------------------------------------------------------------------------------------------

    async def handle(self, event: AnyEvent) -> None:
        """One chunk of the microphone. Raises BadInput if it is none."""
        if not isinstance(event, MicrophoneChunk):
            return
        self._last_sound_at = self._now()
        if self._listener.is_behind_a_hole(event):
            await self._notice_all(self._listener.finish_now())
            await self._drained()
        await self._notice_all(self._listener.take(event, self._last_sound_at))
        if self._orphan and self._listener.heard_at > self._orphan_until:
            await self._close_orphan()
        if event.seq % CHECKPOINT_EVERY_CHUNKS == 0 and self._orders.empty() and self._is_settled:
            await self._move_checkpoint(self._listener.done_in_silence(KEEP_S))

    async def _notice_all(self, orders: list[Order]) -> None:
        for order in orders:
            if isinstance(order, AskTurn) and self._is_lagging:
                # In a backlog the sound would run ahead of the answer: wait for it, so that turns end where they did.
                await self._ask(order)
            else:
                await self._orders.put(Noticed(order, self._now()))
            if isinstance(order, (AskTurn, Finish)) and self._is_lagging:
                await self._drained()  # and ahead of the decodes, until the memory no longer holds what they want

    async def _drained(self) -> None:
        """Wait until everything that was noticed has been said."""
        await self._orders.join()
        await self._settled()

    @property
    def _is_lagging(self) -> bool:
        return self._last_sound_at - self._listener.heard_at > LAG_S

    async def _watch_for_stall(self) -> None:
        while True:
            await self._visit.clock.sleep_until(max(self._last_sound_at, self._now() - STALL_S / 2) + STALL_S)
            if self._now() - self._last_sound_at >= STALL_S:
                await self._notice_all(self._listener.finish_now())

    async def _close_orphan(self) -> None:
        """A worker before us began an utterance; if we did not find it again by now, nobody will: close it."""
        orphan, self._orphan = self._orphan, 0
        if self._listener.skip_number(orphan):
            await self._outlet.publish(hearing.dropped(orphan, "unclear"))

    # --- orders carried out -----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Carry out what the ear orders, one order after another; decodes and questions run beside."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch_for_stall())
                group.create_task(self._enrolment.run())
                while True:
                    noticed = await self._orders.get()
                    try:
                        await self._carry_out(*noticed, group)
                    finally:
                        self._orders.task_done()
        except* Fenced as fenced:
            raise Fenced(str(fenced.exceptions[0])) from None

    async def _carry_out(self, order: Order, since: float, group: asyncio.TaskGroup) -> None:
        listener, utterance = self._listener, order.utterance
        match order:
            case ears.Begin():
                # The stream refuses an utterance's end once the next one has begun.
                await self._settled()
                await self._publish(hearing.started(order, listener.started_at(utterance)))
            case ears.Pause():
                if utterance.speech_s >= self._settings.min_speech_s and not self._is_lagging:
                    group.create_task(self._guess(order, self._decoding.of(order, group)))
                await self._publish(hearing.paused(order, listener.ended_at(utterance)))
            case ears.Resume():
                await self._publish(hearing.resumed(order))
            case ears.Partial():
                is_free = self._inference.has_time_for_partials(self._decoding.language(order))
                if is_free and not self._is_lagging and since >= self._next_partial_at:
                    group.create_task(self._show_partial(order, since))
            case AskTurn():
                group.create_task(self._ask(order))
            case Finish():
                self._finishing = group.create_task(self._finish(order, self._decoding.of(order, group), since))
            case _:
                await self._settled()
                await self._publish(hearing.dropped(utterance.number, "too_short"))
                await self._move_checkpoint(listener.done_with(utterance))

    @property
    def _is_settled(self) -> bool:
        return self._finishing is None or self._finishing.done()

    async def _settled(self) -> None:
        """Wait until the utterance that ended last has been published."""
        if self._finishing is not None:
            await asyncio.wait({self._finishing})

    async def _ask(self, order: AskTurn) -> None:
        since = self._now()
        for answer in self._listener.opine(order, await self._inference.p_complete(self._listener.turn(order))):
            await self._orders.put(Noticed(answer, since))

    async def _guess(self, order: Pause, decode: "asyncio.Task[Decoded | None]") -> None:
        decoded = await decode
        if (
            decoded is None
            or not self._listener.is_current(order)
            or hearing.doubt(order.utterance, decoded.transcription)
        ):
            return
        text, _ = self._decoding.joined(order, decoded)
        ended_at = self._listener.ended_at(order.utterance)
        await self._publish(hearing.guess(order, text, ended_at, decoded.took_s))

    async def _show_partial(self, order: Order, since: float) -> None:
        decoded = await self._decoding.transcribe(order, is_cut=True)
        if decoded is None:
            return
        self._next_partial_at = since + PARTIAL_SHARE * decoded.took_s
        number = order.utterance.number
        if not self._listener.is_current(order) or hearing.doubt(order.utterance, decoded.transcription):
            return
        was = self._agreement[1] if self._agreement[0] == number else Agreement()
        self._agreement = (number, agree(was, decoded.transcription.text))
        if self._agreement[1] != was:
            await self._publish(hearing.partial(order, self._agreement[1]))

    async def _finish(self, order: Finish, decode: "asyncio.Task[Decoded | None]", since: float) -> None:
        decoded = await decode
        utterance = order.utterance
        reason = "unclear" if decoded is None else hearing.doubt(utterance, decoded.transcription)
        if decoded is None or reason:
            await self._publish(hearing.dropped(utterance.number, reason))
        else:
            said = self._decoding.final(order, decoded, max(0.0, self._now() - since))
            await self._publish(said)
            sound = self._listener.between(said.sound_from, said.sound_to)
            self._enrolment.offer(said, hearing.tidy(decoded.transcription.text), sound)
        await self._move_checkpoint(self._listener.done_with(utterance))

    async def _publish(self, event: Event) -> None:
        epoch = self._surroundings.epoch
        await self._outlet.publish(msgspec.structs.replace(event, epoch=epoch) if epoch else event)

    async def _move_checkpoint(self, chunk: int) -> None:
        """All chunks up to number `chunk` are done with."""
        if chunk > self._checkpoint:
            self._checkpoint = chunk
            await self._outlet.checkpoint(MicrophoneChunk(seq=chunk, pcm=b""))
