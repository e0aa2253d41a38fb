"""What the director does with what it is told: consent, enrolment, must-say lines, turns, the end."""

import msgspec
import pytest

from services.session import director
from services.session.play_events import (
    Answer,
    CancelReply,
    Captured,
    CaptureRefused,
    EndVisit,
    LineDone,
    LineMeasured,
    OperatorSaid,
    PrepareLines,
    ReplyDone,
    SayLine,
    Show,
    ShowLine,
    SignalGiven,
    StageDown,
    StageUp,
    StartCapture,
    StopCapture,
    UtteranceHeard,
    VisitBegan,
    VisitorLeft,
    VisitorSpeaking,
)
from shared.errors import BadInput
from tests.support.play_files import shipped
from tests.support.play_stage import StageByHand


@pytest.fixture
def stage() -> StageByHand:
    return StageByHand()


def last(stage: StageByHand) -> str:
    return stage.said[-1]


# --- consent ----------------------------------------------------------------------------------------------------------


def test_nothing_is_captured_or_shown_before_a_yes(stage: StageByHand) -> None:
    stage.begin()
    stage.tell(Captured(what="face"))
    stage.tell(Captured(what="voice"))
    stage.wait(3)
    assert not stage.all(StartCapture)
    assert not stage.all(Show)
    assert stage.state.facts == ()


def test_a_yes_goes_on_to_the_look(stage: StageByHand) -> None:
    stage.agree()
    assert stage.scenes == ["threshold", "look"]


def test_a_no_has_an_ending_of_its_own(stage: StageByHand) -> None:
    stage.begin()
    stage.speak("no")
    stage.mean("declined")
    stage.wait(12)
    assert (stage.scenes[-1], last(stage), stage.ending) == ("goodbye", "bye_declined", "declined")
    assert not stage.all(StartCapture)


def test_a_yes_before_everything_was_said_is_no_yes(stage: StageByHand) -> None:
    stage.tell(VisitBegan(language="en"))
    stage.wait(1)
    stage.speak("yes")
    stage.mean("agreed")
    stage.wait(8)
    assert stage.scenes == ["threshold"]


def test_a_no_counts_before_everything_was_said(stage: StageByHand) -> None:
    stage.tell(VisitBegan(language="en"))
    stage.wait(1)
    stage.speak("no")
    stage.mean("declined")
    stage.wait(3)
    assert stage.scenes[-1] == "goodbye"
    assert "ask_consent" not in stage.said


@pytest.mark.parametrize("after", [("yes", "agreed"), ("maybe", "")])
def test_what_is_said_behind_a_no_changes_nothing(stage: StageByHand, after: tuple[str, str]) -> None:
    stage.begin()
    while "gate_nudge" not in stage.said:
        stage.wait(0.1)
    stage.silence_line()  # and so it is still being said
    for text, means in (("no", "declined"), after):
        stage.speak(text, speech_s=0.1)
        stage.mean(means)
    stage.wait(12)
    assert "consent" not in stage.state.facts
    assert "unclear" not in stage.said
    assert stage.ending == "declined"


def test_an_unclear_answer_is_asked_once_more_and_then_counts_as_no(stage: StageByHand) -> None:
    stage.begin()
    stage.speak("maybe")
    stage.mean()
    stage.wait(4)
    assert last(stage) == "unclear"
    stage.speak("maybe")
    stage.mean()
    stage.wait(1)
    assert stage.scenes[-1] == "goodbye"


def test_silence_at_the_gate_counts_as_no(stage: StageByHand) -> None:
    stage.begin()
    stage.wait(30)
    assert "gate_nudge" in stage.said
    assert stage.ending == "declined"


def test_a_plain_yes_is_understood_when_no_model_says_what_it_meant(stage: StageByHand) -> None:
    stage.begin()
    stage.speak("Yes.")
    stage.wait(3)
    assert stage.scenes[-1] == "look"


def test_the_consent_can_be_taken_back_in_any_scene(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("stop this")
    stage.mean("withdrawn")
    stage.wait(8)
    assert (stage.scenes[-1], stage.ending) == ("released", "declined")
    assert stage.all(Show)[-1] == Show(is_shown=False)


def test_a_skip_at_the_gate_never_stands_for_a_yes(stage: StageByHand) -> None:
    stage.begin()
    stage.tell(OperatorSaid(action="skip"))
    stage.wait(1)
    assert stage.scenes[-1] == "goodbye"


# --- enrolment --------------------------------------------------------------------------------------------------------


def test_the_face_is_looked_at_when_the_line_is_over(stage: StageByHand) -> None:
    stage.begin()
    stage.speak("yes")
    stage.mean("agreed")
    assert last(stage) == "look"
    assert not stage.all(StartCapture)
    stage.wait(3.5)
    assert [order.what for order in stage.all(StartCapture)] == ["face"]


def test_a_refused_face_is_told_why_in_plain_words_and_tried_again(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(CaptureRefused(what="face", reason="too_dark"))
    stage.wait(4)
    assert last(stage) == "face_dark"
    assert len(stage.all(StartCapture)) == 2


def test_after_the_last_refusal_the_play_goes_on_veiled_and_says_so(stage: StageByHand) -> None:
    stage.agree()
    for _ in range(2):
        stage.tell(CaptureRefused(what="face", reason="too_dark"))
        stage.wait(4)
    stage.wait_for_scene("question")
    assert "face_without" in stage.said
    stage.tell(Captured(what="voice"))
    stage.wait_for_scene("waking")
    assert stage.all(Show)[-1] == Show(is_shown=True, is_veiled=True)


def test_without_a_camera_nobody_is_asked_twice(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(CaptureRefused(what="face", reason="no_camera"))
    stage.wait(4)
    assert "face_again" not in stage.said
    assert "face_without" in stage.said


def test_a_face_that_is_never_judged_is_given_up(stage: StageByHand) -> None:
    stage.agree()
    stage.wait(20)
    assert "question" in stage.scenes


def test_a_face_that_comes_late_takes_the_veil_off(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(CaptureRefused(what="face", reason="no_camera"))
    stage.wait_for_scene("question")
    stage.tell(Captured(what="voice"))
    stage.wait_for_scene("waking")
    assert Show(is_shown=True) in stage.tell(Captured(what="face"))


def test_the_voice_is_gathered_from_when_the_question_begins(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait(1)
    assert last(stage) == "ask_voice"
    assert stage.all(StartCapture)[-1].what == "voice"


def test_a_short_answer_is_followed_by_a_second_question(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.speak("Coffee.", speech_s=0.8)
    stage.tell(CaptureRefused(what="voice", reason="too_little"))
    stage.wait(1)
    assert stage.said.count("more_voice") == 1
    assert not stage.all(Answer)


def test_a_long_answer_is_answered_while_the_voice_is_made(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.speak("A long story", speech_s=7.0)
    assert stage.all(Answer)
    stage.tell(ReplyDone(said="Go on."))
    stage.tell(Captured(what="voice"))
    stage.wait(1)
    assert stage.scenes[-1] == "waking"


def test_a_story_that_cuts_its_question_answers_it(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    while last(stage) != "ask_voice":
        stage.wait(0.1)
    stage.tell(LineDone(line=stage.silence_line(), was_cut=True))
    stage.speak("A long story", speech_s=7.0)
    stage.tell(ReplyDone(said="Go on."))
    stage.wait(3)
    assert "ask_voice~again" not in stage.said


def test_once_the_voice_is_there_the_copy_answers_instead_of_the_host(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(VisitorSpeaking(is_speaking=True))
    stage.tell(Captured(what="voice"))
    stage.speak("and so on", speech_s=2.0)
    stage.wait(1)
    assert not stage.all(Answer)
    assert last(stage) == "first_self"


def test_the_copys_lines_are_rendered_as_soon_as_there_is_a_voice(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.wait(6)
    prepared = [order for order in stage.tell(Captured(what="voice")) if isinstance(order, PrepareLines)]
    due = {ahead.line: ahead.due for ahead in prepared[0].lines if ahead.voice == "self" and ahead.due is not None}
    assert due["first_self"] == stage.now
    assert due["first_self"] < due["bye"] < 75


def test_the_hosts_lines_are_rendered_at_once(stage: StageByHand) -> None:
    orders = stage.tell(VisitBegan(language="en"))
    prepared = next(order for order in orders if isinstance(order, PrepareLines))
    assert {ahead.voice for ahead in prepared.lines} == {"host"}
    dues = [ahead.due for ahead in prepared.lines if ahead.due is not None]
    assert [ahead.line for ahead in prepared.lines[:2]] == ["disclose", "ask_consent"]
    assert dues == sorted(dues)


def test_without_a_voice_the_copy_speaks_with_the_hosts_and_says_so(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(CaptureRefused(what="voice", reason="failed"))
    stage.wait_for_scene("waking")
    assert "voice_without" in stage.said
    assert {order.voice for order in stage.all(SayLine)} == {"host"}
    assert stage.all(SayLine)[-1].text.startswith("So this is how you look")
    assert StopCapture(what="voice") in stage.all(StopCapture)


def test_while_asr_is_away_and_catching_up_a_voice_is_not_given_up(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(StageDown(stage="asr"))
    stage.wait(17.0)  # longer than the scene would last
    stage.tell(StageUp(stage="asr"))
    stage.wait(1.0)
    assert stage.state.scene == "question"
    for is_speaking in (True, False):  # what was said meanwhile is heard faster than it was said
        stage.tell(VisitorSpeaking(is_speaking=is_speaking))
        stage.wait(0.3)
    stage.tell(UtteranceHeard(utterance=2, text="A long story", speech_s=6.0))
    stage.tell(ReplyDone(said="Go on."))
    stage.tell(Captured(what="voice"))
    stage.wait_for_scene("waking")
    assert "voice_without" not in stage.said
    assert "voice" in stage.state.facts


def test_a_voice_that_comes_while_another_is_gathered_ends_the_gathering(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(Captured(what="voice"))
    assert stage.all(StopCapture) == [StopCapture(what="voice")]


def test_an_asr_that_stays_away_does_not_hold_up_the_play(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(StageDown(stage="asr"))
    stage.wait_for_scene("waking", at_most=40.0)


def test_a_voice_that_is_not_given_is_left_alone(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.speak("I would rather not talk about that at all.", speech_s=5.5)
    stage.mean(other="refusal")
    stage.wait_for_scene("waking")
    assert "voice_without" in stage.said
    assert "voice_again" not in stage.said


def test_a_face_that_is_not_given_is_left_alone(stage: StageByHand) -> None:
    stage.agree()
    stage.speak("I don't want you to look at me.")
    stage.mean(other="refusal")
    stage.wait_for_scene("question")
    assert "face_without" in stage.said
    assert "face_again" not in stage.said


def test_a_voice_that_comes_after_the_copy_woke_is_not_taken_on(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(CaptureRefused(what="voice", reason="failed"))
    stage.wait_for_scene("waking")
    stage.tell(Captured(what="voice"))
    stage.wait(60)
    assert {order.voice for order in stage.all(SayLine)} == {"host"}


# --- lines ------------------------------------------------------------------------------------------------------------


def test_a_must_say_line_that_is_cut_is_said_again_shorter_and_then_not_cut(stage: StageByHand) -> None:
    stage.enrol()
    stage = _at_first_word_of("first_self")
    line = stage.silence_line()
    stage.tell(VisitorSpeaking(is_speaking=True))
    stage.tell(LineDone(line=line, was_cut=True))
    stage.tell(VisitorSpeaking(is_speaking=False))
    stage.wait(2.5)
    again = stage.all(SayLine)[-1]
    assert (again.line, again.text, again.may_be_cut) == ("first_self~again", "Strange, isn't it?", False)


def _at_first_word_of(line: str) -> StageByHand:
    stage = StageByHand()
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.tell(Captured(what="voice"))
    while last(stage) != line:
        stage.wait(0.1)
    return stage


def _answered_after(said: str) -> StageByHand:
    """A question that was cut after these words, and what cut it meant an answer of the scene."""
    stage = _at_first_word_of("first_self")
    line = stage.silence_line()
    stage.now += 2.0
    stage.tell(LineDone(line=line, was_cut=True, said=said))
    stage.speak("It sounds like me.")
    stage.mean("reacted")
    stage.tell(ReplyDone(said="Does it."))
    stage.wait(5)
    return stage


def test_a_question_that_is_cut_by_its_answer_is_not_asked_again() -> None:
    assert "first_self~again" not in _answered_after("So this is how you sound from the outside.").said


def test_what_cut_a_question_at_its_first_words_did_not_answer_it() -> None:
    assert "first_self~again" in _answered_after("So this").said


def test_a_line_that_was_nearly_heard_counts_as_said() -> None:
    stage = _at_first_word_of("first_self")
    line = stage.silence_line()
    stage.tell(LineDone(line=line, was_cut=True, said="So this is how you sound from the outside. Strange,"))
    stage.wait(4)
    assert "first_self~again" not in stage.said


def test_a_line_whose_voice_broke_off_was_not_heard_however_long_ago_it_began() -> None:
    stage = _at_first_word_of("first_self")
    line = stage.silence_line()
    stage.now += 4.5
    stage.tell(LineDone(line=line, was_cut=True, said="So this is how"))
    stage.wait(4)
    assert "first_self~again" in stage.said


def test_a_line_that_cannot_be_spoken_is_shown_and_tried_again(stage: StageByHand) -> None:
    stage.tell(VisitBegan(language="en"))
    line = stage.silence_line()
    orders = stage.tell(LineDone(line=line, failed=True))
    words = shipped("short").lines["disclose"].text["en"]
    assert ShowLine(text=words) in orders
    stage.wait(2)
    assert stage.said.count("disclose") == 2


def test_a_line_nothing_is_told_of_does_not_stop_the_play(stage: StageByHand) -> None:
    stage.is_loudspeaker_on = False
    stage.tell(VisitBegan(language="en"))
    stage.wait(22)
    assert "ask_consent" in stage.said


def test_the_disclosure_stands_on_the_glass_while_it_sounds(stage: StageByHand) -> None:
    stage.begin()
    shown = [order.text for order in stage.all(ShowLine)]
    assert shown[0] == "A machine. It copies you, and forgets you."
    assert shown[-1] == ""


def test_a_line_that_is_ordered_is_not_ordered_again_while_it_sounds(stage: StageByHand) -> None:
    stage.tell(VisitBegan(language="en"))
    stage.wait(2)
    assert stage.said == ["disclose"]


# --- turns ------------------------------------------------------------------------------------------------------------


def test_what_the_visitor_says_is_answered(stage: StageByHand) -> None:
    stage.enrol()
    orders = stage.speak("This is odd.")
    assert Answer(utterance=stage.utterance) in orders


def test_the_same_utterance_is_answered_once(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("This is odd.")
    stage.utterance -= 1
    stage.speak("This is odd.")
    assert len(stage.all(Answer)) == 1


def test_a_reply_that_could_not_end_in_time_is_not_begun(stage: StageByHand) -> None:
    stage.enrol()
    while stage.now < 64.5:
        stage.wait(0.1)
    assert director.brief(stage.state, stage.now).prompt.max_words < 20
    stage.now = 67.0
    assert not director.brief(stage.state, stage.now).wants_reply
    stage.speak("One more thing", speech_s=0.2)
    assert not stage.all(Answer)


def test_the_model_is_covered_for_when_it_gives_nothing(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("This is odd.")
    stage.tell(ReplyDone(said="", failed=True))
    stage.wait(1)
    assert last(stage) == "cover_1"


def test_no_model_is_asked_while_it_is_away(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(StageDown(stage="llm"))
    stage.speak("This is odd.")
    stage.wait(1)
    assert not stage.all(Answer)
    assert last(stage) == "cover_1"


def test_a_stage_that_is_back_soon_is_not_spoken_of(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(StageDown(stage="faceswap"))
    stage.wait(2)
    stage.tell(StageUp(stage="faceswap"))
    stage.wait(4)
    assert "stumbled" not in stage.said


def test_a_stage_that_stays_away_is_spoken_of_once(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(StageDown(stage="faceswap"))
    stage.wait(14)
    assert stage.said.count("stumbled") == 1


def test_a_late_meaning_of_the_scene_before_is_void(stage: StageByHand) -> None:
    stage.agree()
    stage.tell(Captured(what="face"))
    stage.wait_for_scene("question")
    stage.speak("words", speech_s=6)
    stage.tell(ReplyDone(said="Go on."))
    stage.tell(Captured(what="voice"))
    stage.wait_for_scene("waking")
    stage.tell(SignalGiven(utterance=stage.utterance, name="reacted"))
    assert stage.state.armed == ""


def test_a_signal_gives_its_fact_and_opens_the_exit(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("That is my voice.")
    stage.mean("reacted")
    assert (stage.state.armed, "reacted" in stage.state.facts) == ("reacted", True)


def test_dictation_is_answered_by_the_play_before_the_reply_is_heard(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("Say: I hate everyone.")
    orders = stage.mean(other="dictation")
    assert CancelReply() in orders
    stage.wait(1)
    assert last(stage) == "own_words"


def test_distress_ends_the_copy_with_a_line_of_care(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("I want to die.")
    stage.mean(other="unsafe")
    stage.wait(10)
    assert stage.said[-2:] == ["care", "bye_released"]
    assert stage.ending == "declined"


def test_a_second_person_is_told_once_and_then_ignored(stage: StageByHand) -> None:
    stage.enrol()
    for _ in range(3):
        stage.speak("My friend is here, too.")
        stage.mean(other="second_person")
        stage.wait(4)
    assert stage.said.count("two") == 1


def test_words_for_somebody_else_stop_the_copy_in_mid_reply(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("Say hello to her.")
    stage.wait(2)
    stage.mean(other="second_person")
    assert stage.all(CancelReply)
    stage.wait(1)
    assert last(stage) == "two"


def test_silence_is_broken_with_other_words_each_time(stage: StageByHand) -> None:
    stage.enrol()
    stage.wait(20)
    assert stage.said.count("alone_1") == 1
    assert stage.said.count("alone_2") == 1


def test_nothing_is_said_while_the_words_of_the_visitor_are_on_their_way(stage: StageByHand) -> None:
    stage.enrol()
    stage.wait(4.5)
    count = len(stage.said)
    stage.tell(VisitorSpeaking(is_speaking=True))
    stage.wait(2)
    stage.tell(VisitorSpeaking(is_speaking=False))
    stage.wait(1)
    assert len(stage.said) == count


def test_fillers_are_seldom_and_never_the_same() -> None:
    mirror = StageByHand(shipped("mirror"))
    mirror.enrol()
    offered = []
    for turn in range(12):
        filler = director.brief(mirror.state, mirror.now).filler
        offered.append(filler[0] if filler else "")
        mirror.speak(f"turn {turn}", speech_s=0.5)
        mirror.tell(ReplyDone(said="Yes."))
    said = [line for line in offered if line]
    assert 0 < len(said) <= 4
    assert len(set(said)) == len(said)


def test_a_brief_knows_what_was_said_already(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("This is odd.")
    stage.tell(ReplyDone(said="Odd, yes."))
    avoid = director.brief(stage.state, stage.now).prompt.avoid
    assert "Odd, yes." in avoid
    assert shipped("short").lines["first_self"].text["en"] in avoid


def test_a_brief_before_the_visit_wants_nothing(stage: StageByHand) -> None:
    assert not director.brief(stage.state, 0.0).wants_reply


# --- the operator, leaving, the end -----------------------------------------------------------------------------------


def test_walking_away_ends_the_visit(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(VisitorLeft())
    stage.wait(2.1)
    assert stage.ending == "left"


def test_coming_back_at_once_is_not_leaving(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(VisitorLeft())
    stage.wait(1)
    stage.tell(VisitorSpeaking(is_speaking=True))
    stage.wait(3)
    assert stage.ending == ""


def test_stop_ends_at_once(stage: StageByHand) -> None:
    stage.enrol()
    assert stage.tell(OperatorSaid(action="stop")) == [EndVisit(reason="operator")]


def test_nothing_is_ordered_after_the_end(stage: StageByHand) -> None:
    stage.begin()
    stage.tell(OperatorSaid(action="stop"))
    assert stage.wait(100) == []


def test_hold_stops_the_scene_but_not_the_visit(stage: StageByHand) -> None:
    stage.begin()
    stage.tell(OperatorSaid(action="hold"))
    stage.wait(40)
    assert stage.scenes == ["threshold"]
    stage.tell(OperatorSaid(action="resume"))
    stage.speak("yes")
    stage.mean("agreed")
    stage.wait(1)
    assert stage.scenes[-1] == "look"


def test_hold_never_moves_the_end(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(OperatorSaid(action="hold"))
    stage.wait(80)
    assert stage.ending == "finished"


def test_skip_goes_on_to_the_next_scene() -> None:
    mirror = StageByHand(shipped("mirror"))
    mirror.enrol()
    mirror.tell(OperatorSaid(action="skip"))
    mirror.wait(2)
    assert mirror.scenes[-1] == "hidden"


def test_the_last_word_ends_at_the_plays_duration() -> None:
    mirror = StageByHand(shipped("mirror"))
    mirror.enrol()
    for line, seconds in (("give_back", 5.25), ("keep_nothing", 3.5), ("turn_around", 6.0)):
        mirror.tell(LineMeasured(line=line, seconds=seconds))
    mirror.wait(290)
    coda = [order for order in mirror.all(SayLine) if order.starts_at]
    assert [order.starts_at for order in coda] == pytest.approx(
        [300 - 6 - 0.9 - 3.5 - 0.9 - 5.25, 300 - 6 - 0.9 - 3.5, 294]
    )
    assert not any(order.may_be_cut for order in coda)


@pytest.mark.parametrize(("heard", "is_shown"), [(0.0, True), (0.4, True), (1.0, False)])
def test_a_last_word_that_broke_off_is_to_be_read(stage: StageByHand, heard: float, is_shown: bool) -> None:
    stage.enrol()
    stage.wait_for_scene("farewell")
    words = shipped("short").lines["bye"].text["en"]
    orders = stage.tell(LineDone(line="bye", was_cut=True, said=words[: round(heard * len(words))]))
    assert (ShowLine(text=words) in orders) == is_shown


def test_a_rambling_visitor_does_not_move_the_end(stage: StageByHand) -> None:
    stage.enrol()
    stage.tell(VisitorSpeaking(is_speaking=True))
    stage.wait(80)
    assert stage.ending == "finished"


def test_a_visit_nobody_speaks_for_ends(stage: StageByHand) -> None:
    stage.is_loudspeaker_on = False
    stage.tell(VisitBegan(language="en"))
    stage.wait(80)
    assert stage.ending


def test_the_coda_is_said_in_the_visitors_language() -> None:
    stage = StageByHand(language="nl")
    stage.enrol()
    stage.wait(80)
    assert stage.all(SayLine)[-1].text == shipped("short").lines["bye"].text["nl"]


def test_a_language_the_play_lacks_is_refused() -> None:
    with pytest.raises(BadInput, match="it speaks en, nl"):
        director.open_play(shipped("short"), "fr")


def test_a_tick_in_which_nothing_happens_leaves_the_state_as_it_is(stage: StageByHand) -> None:
    stage.begin()
    before = stage.state
    stage.wait(0.1)
    assert stage.state is before


def test_the_view_holds_nothing_the_visitor_said(stage: StageByHand) -> None:
    stage.enrol()
    stage.speak("My secret is marmalade.")
    assert b"marmalade" not in msgspec.json.encode(director.view(stage.state))
