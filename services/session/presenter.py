"""The presentation schedule: gives every sample its instant at the loudspeaker, and learns what truly sounded."""

from services.session.config import TurnConfig
from services.session.effects import Effect, Publish, Send
from services.session.speech import Speech, own_seconds
from shared.audio import VOICE_HZ
from shared.events import (
    Attention,
    MirrorSpeaking,
    PlaybackReport,
    SpeechDue,
    SpeechHeld,
    TurnHeard,
    TurnTimed,
)
from shared.kiosk_wire import Flush, Hold, Played
from shared.kiosk_wire import Speech as SpeechMessage

OVERDUE_S = 1.0
"""A turn whose last sample was due this long ago is over, whatever the kiosk says."""


class Presenter:
    """Plays one turn at a time. Collects effects in `out`; the turn machine drains them."""

    def __init__(self, config: TurnConfig, out: list[Effect]) -> None:
        self._config = config
        self._out = out
        self.current: Speech | None = None
        self.ended_at = 0.0
        """Host clock, seconds, when the last turn ended."""
        self.is_away = False
        """The kiosk has no connection: it plays what it has, and nothing that is sent now reaches it."""

    @property
    def is_sounding(self) -> bool:
        """Whether a turn is out at the kiosk."""
        return self.current is not None

    def release(self, speech: Speech, now: float) -> None:
        """Let a turn out: its first sample sounds a lead from now, or at its appointed time."""
        speech.is_released = True
        speech.times.released_at = now
        due = max(now + self._config.lead_s, speech.starts_at)
        speech.times.lead_s = due - now
        self.current = speech
        self._out += [Publish(MirrorSpeaking(is_speaking=True)), Publish(Attention(mood="speaking"))]
        self._anchor(speech, 0, due)

    def _anchor(self, speech: Speech, sample: int, due: float) -> None:
        speech.is_held = False
        speech.anchor(sample, due)
        self._out.append(
            Publish(SpeechDue(speech_turn=speech.turn, speech_rev=speech.rev, from_sample=sample, due_at=due))
        )
        self._push(speech, restart=True)

    def _push(self, speech: Speech, *, restart: bool) -> None:
        for sample, pcm in list(speech.unsent()):
            end = sample + len(pcm) // 2
            message = SpeechMessage(
                turn=speech.turn,
                from_sample=sample,
                pcm=pcm,
                due=speech.due(sample),
                restart=restart,
                is_last=speech.total is not None and end >= speech.total,
            )
            self._out.append(Send(message))
            speech.sent, restart = end, False

    def more(self, speech: Speech, now: float) -> None:
        """More of a turn that is out has come, or its end is known."""
        if speech is not self.current or speech.is_held or self.is_away:
            return
        if speech.sent < speech.ready and speech.due(speech.sent) < now:
            # Underrun: the loudspeaker has run dry. The rest gets a new schedule instead of a burst.
            self._anchor(speech, speech.sent, now + self._config.gap_lead_s)
        else:
            self._push(speech, restart=False)

    def duck(self) -> None:
        """The visitor may be speaking: lower the voice, go on."""
        if self.current:
            self._out.append(Send(Hold(turn=self.current.turn, gain=self._config.duck_gain)))

    def hold(self, now: float) -> None:
        """Stand still where we are."""
        speech = self.current
        if speech is None or speech.is_held:
            return
        speech.played = speech.heard_samples(now)
        speech.is_held = True
        self._out += [
            Send(Hold(turn=speech.turn, gain=0.0, stop=True)),
            Publish(SpeechHeld(speech_turn=speech.turn, at_sample=speech.played)),
        ]

    def resume(self, now: float) -> None:
        """Go on: louder again, from where we stood still."""
        speech = self.current
        if speech is None:
            return
        if speech.is_held:
            self._anchor(speech, _on_grid(speech.played), now + self._config.gap_lead_s)
        else:
            self._out.append(Send(Hold(turn=speech.turn, gain=1.0)))

    def take_up(self, turn: int, sample: int, now: float) -> bool:
        """The kiosk is back, and has sounded `turn` up to `sample`: hand over what has not. True if the turn is over with it."""
        self.is_away = False
        speech = self.current
        if speech is None:
            return False
        if turn == speech.turn:
            speech.played = max(speech.played, min(sample, speech.ready))
        if speech.is_complete and speech.played >= (speech.total or 0):
            return True
        if not speech.is_held:
            self._anchor(speech, _on_grid(speech.played), now + self._config.lead_s)
        return False

    def clause_at(self, now: float) -> str:
        """The words that are sounding, clause by clause; empty between turns."""
        speech = self.current
        if speech is None:
            return ""
        begun = [clause.text for clause in speech.clauses if speech.due(clause.from_sample) <= now]
        return begun[-1] if begun else ""

    def played(self, message: Played) -> bool:
        """The kiosk's truth; True if the turn is over with it."""
        speech = self.current
        if speech is None or message.turn != speech.turn:
            return False
        if message.sample > 0 and not speech.times.sounded_at:
            speech.times.sounded_at = message.at - message.sample / VOICE_HZ
        speech.played = max(speech.played, min(message.sample, speech.ready))
        self._out.append(
            Publish(
                PlaybackReport(
                    turn=speech.turn, played_samples=speech.played, sounded_at=message.at, is_end=message.is_end
                )
            )
        )
        return speech.is_complete and speech.played >= (speech.total or 0)

    def is_overdue(self, now: float) -> bool:
        """Whether the present turn should long be over by its schedule."""
        speech = self._unhindered()
        return speech is not None and speech.is_complete and now > speech.due(speech.total or 0) + OVERDUE_S

    def is_broken_off(self, now: float) -> bool:
        """Whether the rest of the present turn should long have come."""
        speech = self._unhindered()
        if speech is None or speech.is_complete:
            return False
        return now > speech.due(speech.ready) + self._config.broken_off_s

    def _unhindered(self) -> Speech | None:
        """The present turn, if it runs by its schedule: nobody holds it, and the kiosk is there."""
        speech = self.current
        return None if speech is None or speech.is_held or self.is_away else speech

    def finish(self, now: float, *, was_cut: bool) -> str:
        """The present turn is over: enter it in the ledger's stream. Returns what was heard of it."""
        speech = self.current
        if speech is None:
            return ""
        samples = speech.heard_samples(now) if was_cut else max(speech.played, speech.ready)
        heard = speech.heard_text(samples)
        if was_cut:
            self._out.append(Send(Flush(turn=speech.turn)))
        self._out += [
            Publish(PlaybackReport(turn=speech.turn, played_samples=samples, sounded_at=now, is_end=True)),
            Publish(
                TurnHeard(
                    turn=speech.turn,
                    utterance=speech.utterance,
                    visitor_said="",
                    mirror_said=heard,
                    was_cut=was_cut,
                )
            ),
            Publish(timed(speech)),
            Publish(MirrorSpeaking(is_speaking=False)),
            Publish(Attention(mood="listening")),
        ]
        self.current, self.ended_at = None, now
        return heard


def timed(speech: Speech) -> TurnTimed:
    """The trace of a turn."""
    times = speech.times
    return TurnTimed(
        turn=speech.turn,
        rev=speech.rev,
        kind=speech.kind,
        utterance=speech.utterance,
        line=speech.line,
        is_rendered=speech.is_rendered,
        visitor_ended_at=times.visitor_ended_at,
        final_at=times.final_at,
        asked_at=times.asked_at,
        clause_at=times.clause_at,
        chunk_at=times.chunk_at,
        released_at=times.released_at,
        sounded_at=times.sounded_at,
        waited_s=times.waited_s,
        lead_s=times.lead_s,
        asr_s=times.asr_s,
        llm_s=times.llm_s,
        tts_s=times.tts_s,
        own_s=own_seconds(times),
    )


def _on_grid(sample: int) -> int:
    """The last multiple of 10 ms at or before a sample: poses and chunks lie on it."""
    return sample - sample % 240
