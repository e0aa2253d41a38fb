"""One turn of the mirror on its way to the loudspeaker: its chunks, its schedule, and how far it truly sounded."""

from collections.abc import Iterator

import msgspec

from shared.audio import VOICE_HZ
from shared.events import FinalTranscript, SpeechChunk

BYTES_PER_SAMPLE = 2

LETTER_SAMPLES, FAST_LETTER_SAMPLES = VOICE_HZ // 14, VOICE_HZ // 18
"""What a letter of speech takes: of the embedded and of people's voices, 12 to 16 go into a second."""


class Clause(msgspec.Struct, frozen=True):
    """Where a clause's words begin in the turn's speech."""

    from_sample: int
    text: str


class Times(msgspec.Struct, kw_only=True):
    """When each part of the turn happened: host clock, seconds; 0 if it did not."""

    visitor_ended_at: float = 0.0
    final_at: float = 0.0
    asked_at: float = 0.0
    clause_at: float = 0.0
    chunk_at: float = 0.0
    released_at: float = 0.0
    sounded_at: float = 0.0
    waited_s: float = 0.0
    asr_s: float = 0.0
    llm_s: float = 0.0
    tts_s: float = 0.0
    lead_s: float = 0.0


class Speech(msgspec.Struct, kw_only=True):
    """A turn from the moment it is asked for. Mutable: it belongs to the turn machine alone."""

    turn: int
    kind: str
    """reply, line or filler."""
    rev: int = 0
    line: str = ""
    utterance: int = 0
    unheard: int = 0
    """For a reply: the utterance before, if the reply to that was taken back for this one before anybody heard it; else 0."""
    visitor_said: str = ""
    may_be_cut: bool = True
    starts_at: float = 0.0
    """Host clock, seconds, at which the first sample must sound; 0: as soon as possible."""
    is_committed: bool = False
    chunks: list[SpeechChunk] = msgspec.field(default_factory=list)
    clauses: list[Clause] = msgspec.field(default_factory=list)
    total: int | None = None
    """Samples of the whole, once known."""
    is_released: bool = False
    anchor_sample: int = 0
    anchor_due: float = 0.0
    sent: int = 0
    """Samples handed to the kiosk."""
    played: int = 0
    """Samples the kiosk said it has sounded."""
    is_held: bool = False
    is_rendered: bool = False
    times: Times = msgspec.field(default_factory=Times)

    @property
    def ready(self) -> int:
        """Samples at hand, from the first, without a gap."""
        return self.chunks[-1].from_sample + len(self.chunks[-1].pcm) // BYTES_PER_SAMPLE if self.chunks else 0

    @property
    def is_complete(self) -> bool:
        """Whether every sample there will be is at hand."""
        return self.total is not None and self.ready >= self.total

    def take(self, chunk: SpeechChunk) -> bool:
        """Add a chunk; False if it does not continue what is at hand (already there, or a gap)."""
        if chunk.from_sample != self.ready:
            return False
        self.chunks.append(chunk)
        if chunk.text:
            self.clauses.append(Clause(chunk.from_sample, chunk.text))
        return True

    def answers(self, final: FinalTranscript, now: float) -> None:
        """Note when the utterance it answers ended, and when that was known."""
        self.times.visitor_ended_at = final.ended_at
        self.times.final_at = now
        self.times.waited_s = final.waited_s
        self.times.asr_s = final.engine_s

    def due(self, sample: int) -> float:
        """Host clock, seconds, at which a sample sounds by the present schedule."""
        return self.anchor_due + (sample - self.anchor_sample) / VOICE_HZ

    def anchor(self, sample: int, due: float) -> None:
        """Set the schedule: `sample` sounds at `due`, the rest follows."""
        self.anchor_sample, self.anchor_due, self.sent = sample, due, sample

    def unsent(self) -> Iterator[tuple[int, bytes]]:
        """Chunks at hand that the kiosk does not have: (first sample, pcm). The first may be the rest of a cut chunk."""
        for chunk in self.chunks:
            end = chunk.from_sample + len(chunk.pcm) // BYTES_PER_SAMPLE
            if end > self.sent:
                skip = max(0, self.sent - chunk.from_sample)
                yield chunk.from_sample + skip, chunk.pcm[skip * BYTES_PER_SAMPLE :]

    def heard_samples(self, now: float) -> int:
        """How far it has sounded by `now`: the schedule, but never beyond what was handed over."""
        if not self.is_released or self.is_held:
            return self.played
        by_schedule = self.anchor_sample + int((now - self.anchor_due) * VOICE_HZ)
        return max(self.played, min(by_schedule, self.sent))

    def heard_text(self, samples: int) -> str:
        """The words that sounded within its first `samples`.

        Engines give no word times, so within a clause the cut is placed by its share of characters, at a word's end.
        """
        said: list[str] = []
        for index, clause in enumerate(self.clauses):
            is_last = index + 1 == len(self.clauses)
            end = self._last_end(clause) if is_last else self.clauses[index + 1].from_sample
            if samples >= end:
                said.append(clause.text)
            elif samples > clause.from_sample:
                said.append(_share(clause.text, (samples - clause.from_sample) / (end - clause.from_sample)))
        return " ".join(part for part in said if part)

    def _last_end(self, clause: Clause) -> int:
        """Where the last clause at hand ends; of one that is clearly still being made, where its words should take it."""
        letters = len(clause.text)
        if self.total is not None or self.ready >= clause.from_sample + letters * FAST_LETTER_SAMPLES:
            return max(self.ready, self.total or 0)
        return clause.from_sample + letters * LETTER_SAMPLES


def _share(text: str, share: float) -> str:
    """The whole words within the first `share` of a text's characters."""
    cut = int(len(text) * share)
    if cut >= len(text):
        return text
    return text[:cut].rpartition(" ")[0] if not text[cut].isspace() else text[:cut]


def own_seconds(times: Times) -> float:
    """What the bus and our code took on the critical path from the visitor's last sample to the mirror's first.

    Waits and model times are taken out. Where the guess held, reply and voice were made while asr still waited: then only
    the parts after the final transcript count.
    """
    if not times.visitor_ended_at or not times.sounded_at:
        return 0.0
    hearing = times.final_at - times.visitor_ended_at - times.waited_s - times.asr_s
    made = times.chunk_at - times.asked_at - times.llm_s - times.tts_s
    after_final = max(0.0, times.chunk_at - times.final_at)
    releasing = times.released_at - max(times.final_at, times.chunk_at)
    playing = times.sounded_at - times.released_at - times.lead_s
    return max(0.0, hearing) + min(max(0.0, made), after_final) + max(0.0, releasing) + max(0.0, playing)
