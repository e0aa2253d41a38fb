"""Turn-taking, by numbers: what the machine does, in the order in which it does it."""

from typing import TypeVar

import pytest

from services.session.config import TurnConfig
from services.session.effects import Effect, Inform, Publish, Send
from services.session.play_events import (
    Brief,
    EnterScene,
    LineDone,
    ReplyDone,
    SayLine,
    SignalGiven,
    UtteranceHeard,
)
from services.session.turns import Turns
from shared import events as ev
from shared import kiosk_wire as wire

CONFIG = TurnConfig(lead_s=0.12)
T = TypeVar("T")


class Room:
    """A turn machine and everything it has wanted so far."""

    def __init__(self, *, wants_reply: bool = True, filler: tuple[str, str, str] | None = None) -> None:
        prompt = ev.ScenePrompt(scene="talk", goal="", persona="")
        self.brief = Brief(prompt=prompt, signals=(), wants_reply=wants_reply, expects="open", filler=filler)
        self.turns = Turns(CONFIG, "en", lambda _now: self.brief)
        self.turns.enter(EnterScene(scene="talk", expects="open", look="copy"), 0.0)
        self.seen: list[Effect] = []
        self.drain()

    def drain(self) -> list[Effect]:
        new = self.turns.drain()
        self.seen += new
        return new

    def published(self, kind: type[T]) -> list[T]:
        self.drain()
        return [effect.event for effect in self.seen if isinstance(effect, Publish) and isinstance(effect.event, kind)]

    def sent(self, kind: type[T]) -> list[T]:
        self.drain()
        return [effect.message for effect in self.seen if isinstance(effect, Send) and isinstance(effect.message, kind)]

    def told(self, kind: type[T]) -> list[T]:
        self.drain()
        return [effect.told for effect in self.seen if isinstance(effect, Inform) and isinstance(effect.told, kind)]

    # what happens

    def started(self, now: float, utterance: int = 1) -> None:
        self.turns.take(ev.SpeechStarted(turn=utterance, started_at=now), now)

    def paused(self, now: float, utterance: int = 1) -> None:
        self.turns.take(ev.SpeechPaused(turn=utterance, ended_at=now), now)

    def guess(self, text: str, now: float, utterance: int = 1) -> None:
        self.turns.take(ev.GuessTranscript(turn=utterance, text=text, ended_at=now), now)

    def final(self, text: str, now: float, utterance: int = 1, joins: int = 0) -> None:
        self.turns.take(
            ev.FinalTranscript(turn=utterance, text=text, ended_at=now - 0.3, waited_s=0.2, joins=joins), now
        )

    def utterance(self, text: str, now: float, utterance: int = 1) -> None:
        self.started(now - 1, utterance)
        self.paused(now - 0.2, utterance)
        self.guess(text, now - 0.1, utterance)
        self.final(text, now, utterance)

    def voice(self, turn: int, seconds: float, now: float, rev: int = 0, text: str = "some words of mine") -> None:
        for index in range(round(seconds * 10)):
            chunk = ev.SpeechChunk(
                turn=turn, rev=rev, from_sample=index * 2400, pcm=bytes(4800), text=text if index == 0 else ""
            )
            self.turns.take(chunk, now)
        self.turns.take(ev.SpeechEnded(turn=turn, rev=rev, samples=round(seconds * 24000)), now)

    def line(
        self, name: str, now: float, seconds: float = 2.0, *, may_be_cut: bool = True, starts_at: float = 0
    ) -> int:
        self.turns.say(SayLine(line=name, text=name, voice="host", may_be_cut=may_be_cut, starts_at=starts_at), now)
        wanted = self.published(ev.LineWanted)[-1]
        self.voice(wanted.turn, seconds, now, text=f"the line called {name} it is")
        return wanted.turn

    def played(self, turn: int, seconds: float, at: float) -> None:
        self.turns.playout.played(wire.Played(turn=turn, sample=round(seconds * 24000), at=at), at)

    def reply_turn(self) -> int:
        return self.published(ev.ReplyRequest)[-1].turn


def test_nothing_of_a_guess_is_heard_before_the_visitor_has_finished() -> None:
    room = Room()
    room.started(1.0)
    room.paused(2.0)
    room.guess("I am here", 2.1)
    room.voice(room.reply_turn(), 1.0, 2.2)
    assert room.sent(wire.Speech) == []


def test_a_guess_that_held_is_let_out_at_once_when_it_is_final() -> None:
    room = Room()
    room.started(1.0)
    room.paused(2.0)
    room.guess("I am here", 2.1)
    room.voice(room.reply_turn(), 1.0, 2.2)
    room.final("I am here.", 2.3)
    room.turns.answer(1, 2.3)
    assert len(room.published(ev.ReplyRequest)) == 1
    assert room.sent(wire.Speech)[0].due == pytest.approx(2.3 + CONFIG.lead_s)


def test_a_guess_with_other_words_is_discarded_and_asked_again() -> None:
    room = Room()
    room.started(1.0)
    room.guess("I am", 2.1)
    room.final("I am not here", 3.0)
    room.turns.answer(1, 3.0)
    first, second = room.published(ev.ReplyRequest)
    assert [(gone.discarded_turn, gone.discarded_rev) for gone in room.published(ev.TurnDiscarded)] == [
        (first.turn, first.rev)
    ]
    assert (second.turn, second.rev, second.said) == (first.turn, first.rev + 1, "I am not here")


def test_there_are_only_so_many_guesses_at_one_utterance() -> None:
    room = Room()
    room.started(1.0)
    for count in range(CONFIG.max_guesses + 3):
        room.guess("word " * (count + 1), 1.5 + count)
    assert len(room.published(ev.ReplyRequest)) == CONFIG.max_guesses


def test_the_director_hears_of_the_words_before_their_meaning() -> None:
    room = Room()
    room.started(1.0)
    room.guess("yes please", 2.0)
    request = room.published(ev.ReplyRequest)[0]
    room.turns.take(ev.SignalHeard(turn=request.turn, rev=0, utterance=1, name="agreed"), 2.05)
    assert room.told(SignalGiven) == []
    room.final("Yes, please.", 2.2)
    kinds = [type(effect.told) for effect in room.drain() if isinstance(effect, Inform)]
    assert kinds.index(UtteranceHeard) < kinds.index(SignalGiven)


def test_a_meaning_of_words_that_changed_is_not_told() -> None:
    room = Room()
    room.started(1.0)
    room.guess("yes", 2.0)
    first = room.published(ev.ReplyRequest)[0]
    room.final("yes but not my voice", 3.0)
    room.turns.take(ev.SignalHeard(turn=first.turn, rev=0, utterance=1, name="agreed"), 3.05)
    assert room.told(SignalGiven) == []


def test_a_sound_over_the_mirror_only_ducks_it() -> None:
    room = Room()
    room.line("a", 1.0)
    room.started(2.0)
    assert [(hold.gain, hold.stop) for hold in room.sent(wire.Hold)] == [(CONFIG.duck_gain, False)]
    assert room.published(ev.EpochAdvanced) == []


def test_a_cough_lets_the_mirror_go_on() -> None:
    room = Room()
    room.line("a", 1.0)
    room.started(2.0)
    room.paused(2.2)
    room.turns.take(ev.UtteranceDropped(turn=1, reason="no_words"), 2.4)
    assert room.sent(wire.Hold)[-1].gain == 1.0
    assert room.published(ev.EpochAdvanced) == []


def test_speech_that_goes_on_stops_the_mirror_where_it_is_and_it_resumes_there() -> None:
    room = Room()
    turn = room.line("a", 1.0, seconds=4.0)
    room.played(turn, 1.0, 2.12)
    room.started(2.2)
    room.turns.tick(2.5)
    held = room.published(ev.SpeechHeld)[0]
    room.turns.take(ev.UtteranceDropped(turn=1, reason="noise"), 3.0)
    again = room.sent(wire.Speech)[-1]
    restarts = [speech for speech in room.sent(wire.Speech) if speech.restart]
    assert held.at_sample == pytest.approx((2.5 - 1.12) * 24000, abs=240)
    assert restarts[-1].from_sample == held.at_sample - held.at_sample % 240
    assert again.turn == turn


def test_words_over_the_mirror_end_its_turn_and_the_ledger_knows_how_far_it_came() -> None:
    room = Room()
    turn = room.line("a", 1.0, seconds=4.0)
    room.played(turn, 1.0, 2.12)
    room.started(3.0)
    room.turns.take(ev.PartialTranscript(turn=1, stable="wait a moment"), 3.12)
    heard = next(event for event in room.published(ev.TurnHeard) if event.turn == turn)
    assert room.sent(wire.Flush)[0].turn == turn
    assert [event.reason for event in room.published(ev.EpochAdvanced)] == ["barge_in"]
    assert (heard.mirror_said, heard.was_cut) == ("the line", True)
    assert room.told(LineDone) == [LineDone(line="a", was_cut=True, said="the line")]


def test_of_a_line_whose_voice_broke_off_only_what_sounded_was_said() -> None:
    room = Room()
    words = "Look at me once more, and tell me what you see."
    room.turns.say(SayLine(line="a", text=words, voice="host", may_be_cut=True), 1.0)
    turn = room.published(ev.LineWanted)[-1].turn
    room.turns.take(ev.SpeechChunk(turn=turn, seq=1, from_sample=0, pcm=bytes(2 * 24_000), text=words), 1.1)
    room.played(turn, 1.0, 2.2)
    room.started(6.0)  # the voice has been away for four seconds
    room.turns.take(ev.PartialTranscript(turn=1, stable="are you there"), 6.2)
    assert room.told(LineDone) == [LineDone(line="a", was_cut=True, said="Look at me")]


def test_of_a_line_that_never_sounded_nothing_was_said() -> None:
    room = Room()
    room.turns.say(SayLine(line="a", text="Look at me.", voice="host", may_be_cut=True), 1.0)
    room.turns.playout.cut("scene", 4.0)
    assert room.told(LineDone) == [LineDone(line="a", was_cut=True, said="")]


def test_who_was_speaking_before_the_mirror_took_the_floor_does_not_cut_it() -> None:
    room = Room()
    room.started(1.0)
    room.line("a", 1.5, seconds=4.0)
    room.turns.tick(1.5 + CONFIG.floor_wait_s)
    room.final("I had not finished yet", 5.0)
    room.turns.answer(1, 5.0)
    assert room.published(ev.EpochAdvanced) == []
    assert room.told(UtteranceHeard) != []
    assert room.published(ev.ReplyRequest) == []
    room.turns.tick(12.0)
    room.turns.tick(12.1)
    assert room.published(ev.ReplyRequest)[-1].said == "I had not finished yet"


def test_a_line_that_may_not_be_cut_is_not() -> None:
    room = Room()
    room.line("disclosure", 1.0, may_be_cut=False)
    room.started(2.0)
    room.final("wait a moment", 2.8)
    assert room.sent(wire.Hold) == []
    assert room.published(ev.EpochAdvanced) == []
    assert room.told(UtteranceHeard) == []


def test_the_mirrors_own_words_are_not_the_visitors() -> None:
    room = Room()
    turn = room.line("a", 1.0, seconds=2.0)
    room.played(turn, 1.9, 3.02)
    room.started(3.0)
    room.turns.take(ev.PartialTranscript(turn=1, stable="the line called"), 3.05)
    assert room.published(ev.EpochAdvanced) == []


def test_a_turn_is_over_when_its_last_sample_has_sounded() -> None:
    room = Room()
    turn = room.line("a", 1.0, seconds=2.0)
    room.played(turn, 1.9, 3.02)
    assert room.told(LineDone) == []
    room.played(turn, 2.0, 3.12)
    assert room.told(LineDone) == [LineDone(line="a")]


def test_a_kiosk_that_says_nothing_does_not_hold_the_play_up() -> None:
    room = Room()
    room.line("a", 1.0, seconds=2.0)
    room.turns.tick(3.5)
    assert room.told(LineDone) == []
    room.turns.tick(4.2)
    assert room.told(LineDone) == [LineDone(line="a")]


def test_lines_follow_each_other_with_a_breath() -> None:
    room = Room()
    turn = room.line("a", 1.0, seconds=1.0)
    room.turns.say(SayLine(line="b", text="b", voice="host"), 1.1)
    room.played(turn, 1.0, 2.12)
    room.turns.tick(2.15)
    second = room.published(ev.LineWanted)[-1]
    room.voice(second.turn, 1.0, 2.2)
    before = [speech for speech in room.sent(wire.Speech) if speech.turn == second.turn]
    room.turns.tick(2.12 + CONFIG.between_lines_s + 0.01)
    after = [speech for speech in room.sent(wire.Speech) if speech.turn == second.turn]
    assert (second.line, before, bool(after)) == ("b", [], True)


def test_a_line_waits_for_the_visitor_but_not_for_ever() -> None:
    room = Room()
    room.started(1.0)
    room.line("a", 1.5)
    assert room.sent(wire.Speech) == []
    room.turns.tick(1.5 + CONFIG.floor_wait_s)
    assert room.sent(wire.Speech) != []


def test_a_line_with_an_appointed_time_sounds_exactly_then() -> None:
    room = Room()
    room.line("bye", 1.0, starts_at=5.0)
    assert room.sent(wire.Speech) == []
    room.turns.tick(4.1)
    assert room.sent(wire.Speech)[0].due == 5.0


def test_no_sound_for_too_long_is_a_failed_reply() -> None:
    room = Room()
    room.utterance("I am here", 2.0)
    room.turns.answer(1, 2.0)
    room.turns.tick(2.0 + CONFIG.thinking_deadline_s + 0.1)
    assert room.told(ReplyDone) == [ReplyDone(said="", failed=True)]


def test_a_reply_without_words_is_a_failed_reply_at_once() -> None:
    room = Room()
    room.utterance("I am here", 2.0)
    room.turns.answer(1, 2.0)
    room.turns.take(ev.ReplyEnded(turn=room.reply_turn(), clauses=0, reason="blocked"), 2.1)
    assert room.told(ReplyDone) == [ReplyDone(said="", failed=True)]


@pytest.fixture
def late() -> tuple[Room, ev.LineWanted]:
    """A reply that is late, and the filler that was wanted for it."""
    room = Room(filler=("hm", "Hm.", "self"))
    room.utterance("I am here", 2.0)
    room.turns.answer(1, 2.0)
    room.turns.tick(1.7 + CONFIG.filler_after_s + 0.1)
    room.turns.tick(1.7 + CONFIG.filler_after_s + 0.2)
    (filler,) = room.published(ev.LineWanted)
    return room, filler


def test_a_filler_comes_before_a_reply_that_is_late(late: tuple[Room, ev.LineWanted]) -> None:
    room, filler = late
    room.voice(filler.turn, 0.3, 2.5)
    assert filler.line == "hm"
    assert filler.turn < room.reply_turn()
    assert room.sent(wire.Speech)[0].turn == filler.turn


def test_a_filler_that_its_reply_overtook_is_void(late: tuple[Room, ev.LineWanted]) -> None:
    room, filler = late
    room.voice(room.reply_turn(), 1.0, 3.5)
    room.turns.tick(3.6)
    assert {speech.turn for speech in room.sent(wire.Speech)} == {room.reply_turn()}
    assert [void.discarded_turn for void in room.published(ev.TurnDiscarded)] == [filler.turn]


def broken_off(room: Room, seconds: float, now: float) -> int:
    """A line of ten words whose voice broke off after the first `seconds`."""
    words = "one two three four five six seven eight nine ten"
    room.turns.say(SayLine(line="a", text=words, voice="self", may_be_cut=True), now)
    turn = room.published(ev.LineWanted)[-1].turn
    chunk = ev.SpeechChunk(turn=turn, from_sample=0, pcm=bytes(round(seconds * 48000)), text=words)
    room.turns.take(chunk, now)
    return turn


def test_a_voice_that_broke_off_and_does_not_come_back_ends_its_turn_where_it_stopped() -> None:
    room = Room()
    turn = broken_off(room, 1.0, 1.0)
    room.turns.say(SayLine(line="b", text="what comes next", voice="self", may_be_cut=True), 3.0)
    over = 2.0 + CONFIG.lead_s + CONFIG.broken_off_s
    room.turns.tick(over - 0.1)
    assert room.turns.is_sounding
    room.turns.tick(over + 0.1)
    assert [done.line for done in room.told(LineDone)] == ["a"]
    assert room.told(LineDone)[0].was_cut
    assert room.told(LineDone)[0].said == "one two three"
    assert [gone.reason for gone in room.published(ev.EpochAdvanced)] == ["broken_off"]
    assert room.sent(wire.Flush) == [wire.Flush(turn=turn)]
    room.turns.tick(over + 0.2)
    assert [wanted.line for wanted in room.published(ev.LineWanted)] == ["a", "b"]


def test_a_voice_that_broke_off_and_comes_back_goes_on() -> None:
    room = Room()
    turn = broken_off(room, 1.0, 1.0)
    back = 2.0 + CONFIG.lead_s + CONFIG.broken_off_s - 0.1
    room.turns.take(ev.SpeechChunk(turn=turn, from_sample=24000, pcm=bytes(48000)), back)
    room.turns.take(ev.SpeechEnded(turn=turn, samples=48000), back)
    room.turns.tick(back + 0.3)
    assert room.sent(wire.Speech)[-1].due == pytest.approx(back + CONFIG.gap_lead_s)
    room.turns.tick(back + 3.0)
    assert room.told(LineDone) == [LineDone(line="a")]


def test_a_voice_that_breaks_off_while_nobody_hears_it_is_waited_for() -> None:
    room = Room()
    turn = broken_off(room, 1.0, 1.0)
    room.turns.playout.kiosk_went()
    room.turns.tick(20.0)
    assert room.turns.is_sounding
    room.turns.kiosk_came(turn, 12000, 21.0)
    room.turns.tick(21.1)
    assert room.turns.is_sounding


def test_a_line_that_gives_no_sound_in_time_is_given_up_and_void() -> None:
    room = Room()
    room.turns.say(SayLine(line="a", text="some words", voice="self", may_be_cut=True), 1.0)
    (wanted,) = room.published(ev.LineWanted)
    room.turns.tick(1.0 + CONFIG.thinking_deadline_s + 0.1)
    assert room.told(LineDone) == [LineDone(line="a", failed=True)]
    assert [void.discarded_turn for void in room.published(ev.TurnDiscarded)] == [wanted.turn]


def test_a_visitor_who_goes_on_takes_the_reply_back_and_both_parts_are_answered() -> None:
    room = Room()
    room.utterance("I was afraid", 2.0)
    room.turns.answer(1, 2.0)
    room.started(2.3, utterance=2)
    room.voice(room.reply_turn(), 1.0, 2.4)
    assert room.sent(wire.Speech) == []
    room.paused(3.0, utterance=2)
    room.final("I was afraid of the dark", 3.3, utterance=2, joins=1)
    room.turns.answer(2, 3.3)
    assert room.published(ev.ReplyRequest)[-1].said == "I was afraid of the dark"
    assert [heard.text for heard in room.turns.ledger.history()] == ["I was afraid of the dark"]


def test_what_was_answered_aloud_is_not_answered_again() -> None:
    room = Room()
    room.utterance("I was afraid", 2.0)
    room.turns.answer(1, 2.0)
    room.voice(room.reply_turn(), 2.0, 2.1, text="you say that calmly")
    room.started(2.8, utterance=2)
    room.turns.take(ev.PartialTranscript(turn=2, stable="I was afraid of the dark"), 3.3)
    room.final("I was afraid of the dark", 3.6, utterance=2, joins=1)
    assert room.told(UtteranceHeard)[-1] == UtteranceHeard(utterance=2, text="of the dark", speech_s=0.0)


def test_a_guess_at_what_is_new_after_an_answer_holds_when_it_is_final() -> None:
    room = Room()
    room.utterance("I was afraid", 2.0)
    room.turns.answer(1, 2.0)
    room.voice(room.reply_turn(), 2.0, 2.1, text="you say that calmly")
    room.started(2.8, utterance=2)
    room.turns.take(ev.PartialTranscript(turn=2, stable="I was afraid of the dark"), 3.3)
    room.paused(3.4, utterance=2)
    room.guess("I was afraid of the dark", 3.5, utterance=2)
    room.guess("I was afraid of the dark and of bees", 3.6, utterance=2)
    room.final("I was afraid of the dark and of bees", 3.7, utterance=2, joins=1)
    assert [asked.said for asked in room.published(ev.ReplyRequest)[1:]] == ["of the dark", "of the dark and of bees"]
    assert room.told(UtteranceHeard)[-1].text == "of the dark and of bees"


def test_a_guess_at_all_that_was_not_answered_holds_when_it_is_final() -> None:
    room = Room()
    room.utterance("I was afraid", 2.0)
    room.turns.answer(1, 2.0)
    room.started(2.3, utterance=2)
    room.paused(3.0, utterance=2)
    room.guess("I was afraid of the dark", 3.1, utterance=2)
    room.final("I was afraid of the dark", 3.3, utterance=2, joins=1)
    assert [asked.said for asked in room.published(ev.ReplyRequest)[1:]] == ["I was afraid of the dark"]
    assert room.told(UtteranceHeard)[-1].text == "I was afraid of the dark"


def test_a_dry_loudspeaker_gets_a_new_schedule_not_a_burst() -> None:
    room = Room()
    room.turns.say(SayLine(line="a", text="a", voice="host"), 1.0)
    turn = room.published(ev.LineWanted)[-1].turn
    for index, now in ((0, 1.0), (1, 2.0)):
        room.turns.take(ev.SpeechChunk(turn=turn, from_sample=index * 2400, pcm=bytes(4800), text="a"), now)
    first, second = room.sent(wire.Speech)
    dues = room.published(ev.SpeechDue)
    assert (first.restart, second.restart) == (True, True)
    assert second.due == pytest.approx(2.0 + CONFIG.gap_lead_s)
    assert [due.from_sample for due in dues] == [0, 2400]


def test_a_sign_of_life_comes_with_the_pause_and_needs_no_words() -> None:
    room = Room()
    room.started(1.0)
    room.paused(2.0)
    assert room.published(ev.Attention)[-1].mood == "thinking"


def test_every_deliberate_wait_is_in_the_trace() -> None:
    room = Room()
    room.started(1.0)
    room.final("I am here", 2.0)
    room.turns.answer(1, 2.0)
    turn = room.reply_turn()
    room.turns.take(ev.ReplyClause(turn=turn, index=0, text="x", engine_s=0.05), 2.1)
    room.voice(turn, 1.0, 2.3)
    room.played(turn, 0.05, 2.3 + CONFIG.lead_s + 0.05)
    room.played(turn, 1.0, 3.5)
    trace = next(timed for timed in room.published(ev.TurnTimed) if timed.turn == turn)
    whole = trace.sounded_at - trace.visitor_ended_at
    assert trace.lead_s == pytest.approx(CONFIG.lead_s)
    assert whole == pytest.approx(trace.waited_s + trace.lead_s + trace.llm_s + trace.tts_s + trace.own_s, abs=1e-6)


def test_all_stages_hear_when_the_visitor_begins_and_stops_speaking_and_each_only_once() -> None:
    room = Room()
    room.started(1.0)
    room.paused(2.0)
    room.final("I am here.", 2.3)
    assert [event.is_speaking for event in room.published(ev.VisitorSpeaking)] == [True, False]
