"""What happens beside the speaking: a voice is made of the visitor, lines are rendered ahead."""

import asyncio
import contextlib
import math
from collections.abc import Callable
from functools import partial

import msgspec

from services.tts.errands import Errands, key_of
from services.tts.lull import Lull
from services.tts.rendered import LineKey, RenderedLine, RenderedLines
from services.tts.synthesizer import HOST, SELF, Voice, VoiceSample
from services.tts.voicing import Voicing
from shared.audio import to_float
from shared.errors import BadInput, EngineFailed
from shared.events import AnyEvent, LineAhead, LineRendered, LineWanted, VoiceFailed, VoiceReady, VoiceSampleTaken
from shared.stage import Visit

RETURN_S = 4.0
"""Longest the copy keeps silent for its voice after a restart; beyond it the host stands in."""


class _SaidMeanwhile(Exception):
    """The line at hand was wanted before it was ready, and is being said: rendering it, too, would only slow that down."""


class Backstage:
    """The voices of one visit and its lines. What is made here never stands in the way of what a visitor waits for."""

    def __init__(self, voicing: Voicing, visit: Visit, own_lines: RenderedLines, host_lines: RenderedLines) -> None:
        self._voicing = voicing
        self._visit = visit
        self._lines = {SELF: own_lines, HOST: host_lines}
        self._copy: Voice | None = None
        self._decided = asyncio.Event()
        """A voice was made, or none could be made: lines of the copy need wait no longer."""
        self._is_coming_back = False
        """The copy had a voice before a restart, and it must be made again."""
        self._sample: VoiceSampleTaken | None = None
        self._errands = Errands()
        self._lull = Lull()
        self._announced: set[tuple[str, str, str]] = set()
        self._answered_turn = -1
        """Newest sample that was answered with VoiceReady or VoiceFailed."""
        self._turn = 0
        self._seq = 0
        self._wake = asyncio.Event()
        self.on_failure: Callable[[EngineFailed], None] = lambda _error: None

    # --- voices and lines as they are now ---------------------------------------------------------------------------

    def voice(self, name: str) -> Voice:
        """The voice of that name; the host's while there is no copy."""
        return self._copy if name == SELF and self._copy is not None else self._voicing.engine.host

    async def returned(self, name: str) -> None:
        """Wait for a voice lost in a restart: a copy that speaks on in another is worse than one that pauses."""
        if name == SELF and self._is_coming_back:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._decided.wait(), RETURN_S)
            self._is_coming_back = False

    def find(self, event: LineWanted) -> RenderedLine | None:
        """The line, if it lies ready in the voice it would be spoken in now. If not, it is not rendered any more."""
        name = self.voice(event.voice).name
        line = self._lines[name].find(LineKey(event.line, name, event.language, event.text))
        if line is None:
            self._errands.drop(LineKey(event.line, event.voice, event.language, event.text))
            self._wake.set()
        return line

    # --- orders -----------------------------------------------------------------------------------------------------

    def take_sample(self, event: VoiceSampleTaken) -> None:
        """Make a voice of this; a newer sample replaces one that still waits. Raises BadInput if it is no sound."""
        if len(event.pcm) % 2:
            raise BadInput(f"voice sample of {len(event.pcm)} bytes; int16 has two a sample")
        if self._copy is not None and event.turn <= self._answered_turn:
            return  # restored, and met again in its turn
        self._sample = event
        self._wake.set()

    def take_line(self, event: LineAhead) -> None:
        """Render this in a lull, or when it can wait no longer."""
        self._errands.add(event)
        self._wake.set()

    def overhear(self, event: AnyEvent) -> None:
        """Whether somebody speaks or waits for an answer."""
        if self._lull.note(event):
            self._wake.set()

    async def rebuild(self) -> None:
        """After a restart: everything that was ordered, and what of it was announced already."""
        outlet = self._visit.outlet
        ready: VoiceReady | None = None
        for event in await outlet.recall("voice_ready"):
            self._recall_announcement(event)
            ready = event if isinstance(event, VoiceReady) else ready
        for event in await outlet.recall("lines"):
            if isinstance(event, LineAhead):
                self.take_line(event)
        for event in await outlet.recall("voice_sample"):
            if isinstance(event, VoiceSampleTaken):
                with contextlib.suppress(BadInput):  # it will be met, and buried, in its turn
                    self.take_sample(event)
        self._is_coming_back = self._sample is not None and self._answered_turn >= self._sample.turn
        if ready is not None and ready.kept:
            await self._restore(ready.kept)

    async def _restore(self, kept: bytes) -> None:
        """Have the copy's voice again; if that fails it is made again. A newer sample still makes a newer voice."""
        try:
            self._copy = await self._voicing.restore(kept)
        except EngineFailed as error:
            self.on_failure(error)
            return
        if self._is_coming_back:  # no sample is newer than what was answered
            self._sample = None
        self._is_coming_back = False
        self._decided.set()

    def _recall_announcement(self, event: AnyEvent) -> None:
        self._turn, self._seq = event.turn, event.seq
        if isinstance(event, LineRendered):
            self._announced.add((event.line, event.voice, event.language))
        elif isinstance(event, VoiceReady | VoiceFailed):
            self._answered_turn = event.turn

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work on what was ordered, for ever: the voice first and at once, then lines as `Errands` orders them."""
        while True:
            self._wake.clear()
            if self._sample is not None:
                await self._make_voice(self._sample)
            elif (line := self._errands.next(has_copy=self._decided.is_set())) is not None:
                await self._render(line)
                self._errands.drop(key_of(line))
            else:
                await self._wake.wait()

    async def _until_lull(self, line: LineKey) -> None:
        """Wait until there is time for the next piece of a line, or it can wait no longer, or a voice waits behind it."""
        while self._sample is None:
            if line not in self._errands:
                raise _SaidMeanwhile
            pressing_at = self._errands.pressing_at(has_copy=self._decided.is_set())
            wait_s = min(self._lull.begins, pressing_at) - self._visit.clock.now()
            if wait_s <= 0:
                return
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s if wait_s < math.inf else None)

    async def _make_voice(self, event: VoiceSampleTaken) -> None:
        began = self._visit.clock.now()
        sample = VoiceSample(samples=to_float(event.pcm), text=event.text)
        result: VoiceReady | VoiceFailed
        try:
            voice, kept = await self._voicing.make_voice(sample)
        except EngineFailed as error:
            self.on_failure(error)
            result = VoiceFailed(reason=str(error))
        else:
            self._forget_copy()
            self._copy = voice
            name = self._voicing.engine.about().name
            result = VoiceReady(engine=name, took_s=self._visit.clock.now() - began, kept=kept)
        self._decided.set()
        self._is_coming_back = False
        if self._sample is event:  # else a newer one came meanwhile
            self._sample = None
        if event.turn > self._answered_turn:
            self._turn = self._answered_turn = event.turn
            await self._announce(result)

    async def _render(self, event: LineAhead) -> None:
        voice = self.voice(event.voice)
        lines = self._lines[voice.name]
        key = LineKey(event.line, voice.name, event.language, event.text)
        line = lines.find(key)
        if line is None:
            try:
                line = await self._voicing.render(
                    event.text, voice, event.language, partial(self._until_lull, key_of(event))
                )
            except _SaidMeanwhile:
                return
            except EngineFailed as error:
                self.on_failure(error)
                return
            lines.keep(key, line)
        name = (event.line, event.voice, event.language)
        if name not in self._announced:
            self._announced.add(name)
            await self._announce(
                LineRendered(line=event.line, voice=event.voice, language=event.language, samples=line.samples)
            )

    async def _announce(self, result: VoiceReady | VoiceFailed | LineRendered) -> None:
        self._seq += 1
        await self._visit.outlet.publish(msgspec.structs.replace(result, turn=self._turn, seq=self._seq))

    # --- the end ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Drop the visitor's voice, the sample and everything that was to be said in it."""
        self._forget_copy()
        self._sample = None
        self._errands.clear()
        self._lines[SELF].clear()

    def _forget_copy(self) -> None:
        """Lines rendered in the old copy go with it."""
        if self._copy is not None:
            self._voicing.engine.forget(self._copy)
            self._copy = None
            self._lines[SELF].clear()
