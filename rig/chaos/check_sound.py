"""What truly sounded against what was to be said: every word once, in order, and every utterance answered. Pure."""

from collections.abc import Iterator

from rig.chaos.check_hearing import is_near
from rig.chaos.check_speech import Streams
from rig.chaos.fates import NEVER
from rig.chaos.record import LOST, OUT_OF_ORDER, TWICE, Fault, Span, VisitRecord
from shared.audio import VOICE_HZ
from shared.events import FinalTranscript, LineWanted, SceneEntered, SpeechChunk, SpeechDue, SpeechEnded, TurnHeard

SLACK = 480
"""Samples: 20 ms. Going on after a hold may repeat up to 10 ms; no word is shorter than 20."""

ANSWER_S = 8.0
"""Something of the mirror must sound this long after an utterance at the latest: thinking deadline, cover, and a warm-up."""

GIVES_UP_S, ON_ITS_WAY_S = 5.0, 0.5
"""A visitor who speaks again after so long a silence was not answered, unless it came so soon after: the next answer is not for both."""

MET_S = 0.5
"""A turn that began over the visitor's words, as a line may that waited its time, meets them if it sounds for so long after them."""

AWAY_S = 1.5
"""What sounds this close to a lost connection may have been cut by it."""


def check_sound(visit: VisitRecord, streams: Streams) -> Iterator[Fault]:
    """No sample of a turn twice, none left out, no turn behind a later one."""
    newest = -1
    heard: dict[int, int] = {}
    for piece in visit.sounded:
        begins, ends = piece.from_sample, piece.from_sample + len(piece.pcm)
        at = piece.at / VOICE_HZ
        expected = heard.get(piece.turn, 0)
        if piece.turn < newest:
            yield Fault(OUT_OF_ORDER, "sound", f"turn {piece.turn} after {newest}", at)
        if begins < expected - SLACK:
            yield Fault(TWICE, "sound", f"turn {piece.turn}: {begins} after {expected}", at)
        elif begins > expected + SLACK and not is_near(Span(at, at), visit.away, AWAY_S):
            yield Fault(LOST, "sound", f"turn {piece.turn}: {expected} to {begins}", at)
        heard[piece.turn] = max(ends, expected)
        newest = max(newest, piece.turn)
    yield from _check_lines(visit, streams, heard)
    yield from _check_ledger(streams, heard)
    yield from _check_answers(visit, streams)


def _check_lines(visit: VisitRecord, streams: Streams, heard: dict[int, int]) -> Iterator[Fault]:
    """Each line sounds whole once; one that was cut may be said once more."""
    totals = {turn: ends[0].samples for (turn, _), ends in streams.by_turn(SpeechEnded).items()}
    whole: dict[str, int] = {}
    newest = {turn: chunks[-1].at for (turn, _), chunks in streams.by_turn(SpeechChunk).items()}
    wanted = streams.all_of(LineWanted)
    for index, line in enumerate(wanted):
        name = _name(line)
        # A line that was cut while it was still being made has no end: nobody heard the whole of it.
        is_whole = line.turn in totals and heard.get(line.turn, 0) >= max(1, totals[line.turn] - SLACK)
        if is_whole:
            if name in whole:
                yield Fault(TWICE, "lines", f"{name} in turns {whole[name]} and {line.turn}", line.at)
            whole[name] = line.turn
        is_again = any(_name(later) == name for later in wanted[index + 1 :])
        is_owed = streams.is_owed(line, since=newest.get(line.turn, 0.0)) and ("tts", line.turn) not in streams.given_up
        if not is_whole and not is_again and is_owed:
            yield Fault(LOST, "lines", f"{name} of turn {line.turn}", line.at)
    if visit.was_left:
        return
    for scene in dict.fromkeys(event.scene for event in streams.all_of(SceneEntered)):
        for must in visit.must_say.get(scene, ()):
            if must not in whole and not (must in visit.closing_lines and is_cut_at_the_end(visit)):
                yield Fault(LOST, "must_say", f"{must} of scene {scene}")


def is_cut_at_the_end(visit: VisitRecord) -> bool:
    """The kiosk's cable had been pulled when the last word should have sounded: no later one makes up for it."""
    return is_near(Span(visit.ends_at, visit.ends_at), visit.cuts, AWAY_S)


def _name(line: LineWanted) -> str:
    """The play's name of a line; `~again` marks its shorter words."""
    return line.line.partition("~")[0]


def _check_ledger(streams: Streams, heard: dict[int, int]) -> Iterator[Fault]:
    """What sounded stands in the ledger once: it is the only source of the conversation's history."""
    entered: dict[int, int] = {}
    for event in streams.all_of(TurnHeard):
        if event.mirror_said:
            entered[event.turn] = entered.get(event.turn, 0) + 1
    yield from (Fault(TWICE, "ledger", f"turn {turn}") for turn, count in entered.items() if count > 1)
    released = {event.speech_turn for event in streams.all_of(SpeechDue)}
    for turn in sorted(set(heard) & released):
        if heard[turn] > VOICE_HZ // 2 and turn not in entered:
            yield Fault(LOST, "ledger", f"turn {turn}")


def _check_answers(visit: VisitRecord, streams: Streams) -> Iterator[Fault]:
    """The mirror says something after every utterance it understood."""
    turns: dict[int, Span] = {}
    for piece in visit.sounded:
        at = piece.at / VOICE_HZ
        began_at = turns[piece.turn].begins_at if piece.turn in turns else at
        turns[piece.turn] = Span(began_at, at + len(piece.pcm) / VOICE_HZ)
    for final in streams.all_of(FinalTranscript):
        again = (burst.began_at for burst in visit.spoken if burst.began_at > final.ended_at + GIVES_UP_S)
        latest = min(final.ended_at + ANSWER_S, next(again, NEVER) + ON_ITS_WAY_S)
        if latest > visit.ends_at - 1.0 or is_near(Span(final.ended_at, latest), visit.away, 0.0):
            continue  # the end was near, and the play keeps it
        if not any(_meets(turn, final, latest) for turn in turns.values()):
            yield Fault(LOST, "answers", f"nothing after utterance {final.turn}", final.ended_at)


def _meets(turn: Span, final: FinalTranscript, latest: float) -> bool:
    """Whether what sounded then was said to an utterance."""
    if turn.begins_at >= final.ended_at - 0.1:
        return turn.begins_at <= latest
    return turn.begins_at > final.started_at and turn.ends_at >= final.ended_at + MET_S
