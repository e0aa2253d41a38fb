"""What became of each thing the visitor said, and how long each stage took over it. Pure.

Instants are seconds on the host clock. The delay a visitor feels runs from the end of their speech, as the microphone
captured it, to the first sample of the mirror's next words, as the loudspeaker sounded it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from rig.loudspeaker import Sounded
from rig.recording import Recording, Spoken
from rig.words import shared_out, word_errors
from shared.audio import MICROPHONE_CHUNK, MICROPHONE_HZ, VOICE_HZ
from shared.events import (
    AnyEvent,
    Event,
    FinalTranscript,
    GuessTranscript,
    LineWanted,
    ReplyClause,
    ReplyRequest,
    SpeechChunk,
    SpeechDue,
    TurnHeard,
)

E = TypeVar("E", bound=Event)

APPOINTED_S = 0.3
"""A lead longer than this is an appointment, not a delay: the last lines are handed out a second before they sound."""


class Turn(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One turn: what the visitor said and what the mirror said next."""

    turn: int = 0
    """The mirror's; 0 if it said nothing more."""
    scene: str = ""
    said: str = ""
    understood: str = ""
    errors: int = 0
    words: int = 0
    is_counted: bool = True
    """The mirror listened: its mistakes count."""
    is_overlap: bool = False
    kind: str = ""
    """reply or line."""
    line: str = ""
    voice: str = ""
    mirror: str = ""
    was_cut: bool = False
    is_rendered: bool = False
    is_appointed: bool = False
    """Handed out ahead to sound at a set time: the ending, which starts by the clock whoever has spoken."""
    latency_ms: float | None = None
    """End of the visitor's speech to the first sound; absent if what sounded was no answer to it: a line the play would
    have said anyway, or a reply to what was said before."""
    line_latency_ms: float | None = None
    """For a line of the play: from the order to the first sound."""
    own_share_ms: float | None = None
    at_ms: dict[str, float] = {}
    """When each stage was done, from the end of the speech that it answers, else from the order for it."""
    engine_ms: dict[str, float] = {}
    """How long each engine took on the path."""


def of_type(events: Iterable[AnyEvent], kind: type[E]) -> list[E]:
    """Events of one type, in order."""
    return [event for event in events if isinstance(event, kind)]


def first_sounds(sounded: Sequence[Sounded]) -> dict[int, float]:
    """Per turn of the mirror: when its first sample sounded."""
    first: dict[int, float] = {}
    for piece in sounded:
        first.setdefault(piece.turn, piece.at / VOICE_HZ)
    return first


def turns_of(recording: Recording, events: Sequence[AnyEvent]) -> list[Turn]:
    """Every turn of the mirror that sounded, and everything the visitor said that no turn followed."""
    began = first_sounds(recording.sounded)
    for spoken in recording.spoken:
        spoken.is_overlap |= _is_talked_over(spoken, recording)
    heard = understood_of(recording.spoken, events)
    answers = {turn: spoken for spoken in recording.spoken if (turn := _answer_to(spoken, began))}
    paths = [_path(number, at, recording, events) for number, at in sorted(began.items(), key=lambda x: x[1])]
    turns = [_turn(path, answers.get(path.turn), events, heard) for path in paths]
    unanswered = [spoken for spoken in recording.spoken if answers.get(_answer_to(spoken, began)) is not spoken]
    return turns + [_words_of(Turn(), spoken, heard) for spoken in unanswered]


def _is_talked_over(spoken: Spoken, recording: Recording) -> bool:
    """Whether the mirror spoke at any time of it: a line that began meanwhile is no answer to it."""
    return any(spoken.began_at < piece.at / VOICE_HZ < spoken.speech_ended_at for piece in recording.sounded)


def _answer_to(spoken: Spoken, began: dict[int, float]) -> int:
    """The first turn that began after something was said; 0: none."""
    later = [(at, turn) for turn, at in began.items() if at >= spoken.speech_ended_at]
    return min(later)[1] if later else 0


def finals_for(spoken: Spoken, events: Sequence[AnyEvent]) -> list[FinalTranscript]:
    """Transcripts of what was said then.

    Of one that joins an earlier one (the visitor went on), only what is new in it counts here.
    """
    return [part for part in _new_parts(events) if _is_of(part, spoken)]


def understood_of(spoken: Sequence[Spoken], events: Sequence[AnyEvent]) -> dict[float, str]:
    """What was understood of each thing said, by when it began; of what was taken for one utterance, each has its piece.

    What nobody transcribed is absent.
    """
    pieces: dict[float, list[str]] = {}
    for part in _new_parts(events):
        meant = [one for one in spoken if _is_of(part, one)]
        for one, text in zip(meant, shared_out([one.text for one in meant], part.text), strict=True):
            pieces.setdefault(one.began_at, []).append(text)
    return {began_at: " ".join(filter(None, texts)) for began_at, texts in pieces.items()}


def _is_of(part: FinalTranscript, spoken: Spoken) -> bool:
    return part.started_at < spoken.speech_ended_at and part.ended_at > spoken.began_at


def _new_parts(events: Sequence[AnyEvent]) -> list[FinalTranscript]:
    finals = of_type(events, FinalTranscript)
    by_turn = {final.turn: final for final in finals}
    return [_new_part(final, by_turn.get(final.joins)) for final in finals]


def _new_part(final: FinalTranscript, joined: FinalTranscript | None) -> FinalTranscript:
    if joined is None:
        return final
    known = len(joined.text.split())
    text = " ".join(final.text.split()[known:])
    return msgspec.structs.replace(final, text=text, started_at=max(final.started_at, joined.ended_at))


def _words_of(turn: Turn, spoken: Spoken, heard: Mapping[float, str]) -> Turn:
    turn.said, turn.scene, turn.is_overlap = spoken.text, spoken.scene, spoken.is_overlap
    turn.understood = heard.get(spoken.began_at, "")
    turn.errors, turn.words = word_errors(spoken.text, turn.understood)
    turn.is_counted = spoken.began_at in heard or spoken.was_listened
    return turn


def _turn(path: "_Path", spoken: Spoken | None, events: Sequence[AnyEvent], heard_of: Mapping[float, str]) -> Turn:
    number, sounded_at = path.turn, path.sounded_at
    heard = next((event for event in of_type(events, TurnHeard) if event.turn == number), None)
    turn = Turn(
        turn=number,
        kind="line" if path.wanted else "reply",
        line=path.wanted.line if path.wanted else "",
        voice=path.wanted.voice if path.wanted else path.clause.voice if path.clause else "",
        mirror=heard.mirror_said if heard else "",
        was_cut=bool(heard and heard.was_cut),
        is_rendered=bool(path.chunk and path.chunk.is_rendered),
        is_appointed=bool(path.due and path.due.due_at - path.due.at > APPOINTED_S),
    )
    if path.wanted:
        turn.line_latency_ms = _ms(sounded_at - path.wanted.at)
    finals = finals_for(spoken, events) if spoken else []
    final = finals[-1] if finals else None
    if spoken:
        _words_of(turn, spoken, heard_of)
    begun_at = next((event.at for event in (path.wanted, path.request, path.chunk) if event), sounded_at)
    is_answer = bool(spoken and final and _answers(path, final))
    zero = spoken.speech_ended_at if spoken and is_answer else begun_at
    _note_times(turn, path, final if is_answer else None, zero)
    if spoken and final and is_answer:
        turn.latency_ms = _ms(sounded_at - spoken.speech_ended_at)
        turn.own_share_ms = own_share_ms(path, final, of_type(events, GuessTranscript))
    return turn


def _answers(path: "_Path", final: FinalTranscript) -> bool:
    """Whether a turn came because of this utterance."""
    if path.wanted:
        return path.wanted.at >= final.at
    return bool(path.request and path.request.utterance == final.turn)


def _path(number: int, sounded_at: float, recording: Recording, events: Sequence[AnyEvent]) -> "_Path":
    """What happened on the way to a turn's first sound, in the revision that was let out."""
    due = next((e for e in of_type(events, SpeechDue) if e.speech_turn == number and e.from_sample == 0), None)
    mine = [event for event in events if event.turn == number and (due is None or event.rev == due.speech_rev)]
    return _Path(
        turn=number,
        wanted=next((event for event in of_type(events, LineWanted) if event.turn == number), None),
        request=next(iter(of_type(mine, ReplyRequest)), None),
        clause=next(iter(of_type(mine, ReplyClause)), None),
        chunk=next((event for event in of_type(mine, SpeechChunk) if event.from_sample == 0), None),
        due=due,
        sounded_at=sounded_at,
        recording=recording,
    )


class _Path(msgspec.Struct, frozen=True, kw_only=True):
    """What happened on the way to one turn's first sound."""

    turn: int
    wanted: LineWanted | None
    request: ReplyRequest | None
    clause: ReplyClause | None
    chunk: SpeechChunk | None
    due: SpeechDue | None
    sounded_at: float
    recording: Recording


def _note_times(turn: Turn, path: _Path, final: FinalTranscript | None, zero: float) -> None:
    marks = {
        "final": final,
        "ordered": path.wanted,
        "request": path.request,
        "clause": path.clause,
        "chunk": path.chunk,
        "released": path.due,
    }
    turn.at_ms = {name: _ms(event.at - zero) for name, event in marks.items() if event is not None}
    if path.due:
        turn.at_ms["due"] = _ms(path.due.due_at - zero)
    turn.at_ms["sounded"] = _ms(path.sounded_at - zero)
    engines = {
        "asr": final.engine_s if final else 0.0,
        "llm": path.clause.engine_s if path.clause else 0.0,
        "tts": path.chunk.engine_s if path.chunk else 0.0,
    }
    turn.engine_ms = {name: _ms(seconds) for name, seconds in engines.items() if seconds}


def own_share_ms(path: _Path, final: FinalTranscript, guesses: Sequence[GuessTranscript]) -> float | None:
    """Bus and code on the path to the first sound: each hop's time less its engine's and the named waits. ms.

    The path runs through the final transcript where the reply was ready before it, else through what the reply was
    started from. The waits are the end-of-turn detection (`waited_s`), the rest of the 20 ms microphone chunk in which it
    decided (with the lateness of the simulated sound card), and the lead before the loudspeaker.
    """
    if not (path.request and path.clause and path.chunk and path.due) or path.due.at < final.at:
        return None
    release = path.due.at - max(final.at, path.chunk.at)
    playout = path.sounded_at - path.due.due_at
    hearing = final.at - _chunk_left(final.ended_at + final.waited_s, path.recording) - final.engine_s
    if path.chunk.at <= final.at:
        return _ms(hearing + release + playout)
    source = next((guess for guess in reversed(guesses) if guess.at <= path.request.at), None)
    from_guess = source is not None and path.request.is_guess
    begun_at = source.at if source is not None and from_guess else final.at
    making = path.chunk.at - begun_at - path.clause.engine_s - path.chunk.engine_s
    return _ms((0.0 if from_guess else hearing) + making + release + playout)


def _chunk_left(instant: float, recording: Recording) -> float:
    """When the microphone chunk that holds this instant left the kiosk."""
    chunk_s = MICROPHONE_CHUNK / MICROPHONE_HZ
    chunks = math.ceil(round((instant - recording.microphone_from) / chunk_s, 3))
    late_s = recording.chunks_late_s[chunks - 1 : chunks] if chunks > 0 else []
    return recording.microphone_from + chunks * chunk_s + sum(late_s)


def _ms(seconds: float) -> float:
    return round(seconds * 1000.0, 1)
