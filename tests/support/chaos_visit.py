"""A small whole visit for the check of `mirror bench chaos`: one line, one utterance, its answer. Every test breaks it in one place."""

from collections.abc import Callable

import msgspec
import numpy as np

from rig.chaos.record import Burst, Noted, VisitRecord
from rig.loudspeaker import Sounded
from shared import events as ev
from shared.audio import VOICE_HZ
from shared.streams import StreamId

CHUNK = 2_400
CHUNKS = 10
SAID = (10.0, 10.6)
LINE_AT, ANSWER_AT, BYE_AT = 2.0, 11.0, 29.0
ENDS_AT = 30.0
LINE, ANSWER, BYE = 2, 4, 6


def entry(event: ev.AnyEvent, stream: str = "") -> Noted:
    return Noted(stream or event.stream, StreamId(event.turn, event.seq), event)


def speech(turn: int, at: float, text: str) -> list[Noted]:
    """One second of a turn: ten chunks, their poses, and their end."""
    made: list[ev.AnyEvent] = []
    for index in range(CHUNKS):
        start = index * CHUNK
        made.append(
            ev.SpeechChunk(
                turn=turn, seq=start // 240 + 1, at=at, from_sample=start, pcm=bytes(2 * CHUNK), text="" if index else text
            )
        )  # fmt: skip
        made.append(ev.PoseTrack(turn=turn, seq=index * 6 + 1, at=at, first_index=index * 6, weights=bytes(6 * 4 * 52)))
    made.append(ev.SpeechEnded(turn=turn, seq=9_999_999, at=at, samples=CHUNKS * CHUNK))
    return [entry(event) for event in made]


def sounded(turn: int, at: float) -> list[Sounded]:
    return [
        Sounded(
            turn=turn, from_sample=index * CHUNK, at=round(at * VOICE_HZ) + index * CHUNK, late=0, gain=1.0,
            pcm=np.zeros(CHUNK, np.int16),
        )
        for index in range(CHUNKS)
    ]  # fmt: skip


def line(turn: int, at: float, name: str) -> list[Noted]:
    return [
        entry(ev.LineWanted(turn=turn, seq=1, at=at, line=name, text=name, language="en", voice="host")),
        *speech(turn, at, name),
        entry(ev.SpeechDue(seq=10 + turn, at=at, speech_turn=turn, speech_rev=0, from_sample=0, due_at=at)),
        entry(ev.TurnHeard(turn=turn, seq=5, at=at + 1.0, mirror_said=name)),
    ]


def answer() -> list[Noted]:
    prompt = ev.ScenePrompt(scene="talk", goal="g", persona="p")
    began, ended = SAID
    said: list[ev.AnyEvent] = [
        ev.SpeechStarted(turn=1, seq=1, at=began, started_at=began),
        ev.FinalTranscript(turn=1, seq=999_999_999, at=ended + 0.3, text="yes", started_at=began, ended_at=ended),
        ev.ReplyRequest(turn=ANSWER, seq=1, at=ended + 0.3, utterance=1, said="yes", language="en", prompt=prompt),
        ev.ReplyClause(turn=ANSWER, seq=1, at=ANSWER_AT, index=0, text="Go on."),
        ev.ReplyEnded(turn=ANSWER, seq=999, at=ANSWER_AT, clauses=1, reason="done"),
    ]
    return [
        *(entry(event) for event in said),
        *speech(ANSWER, ANSWER_AT, "Go on."),
        entry(
            ev.SpeechDue(
                seq=10 + ANSWER, at=ANSWER_AT, speech_turn=ANSWER, speech_rev=0, from_sample=0, due_at=ANSWER_AT
            )
        ),
        entry(ev.TurnHeard(turn=ANSWER, seq=5, at=ANSWER_AT + 1.0, mirror_said="Go on.")),
    ]


def whole_visit() -> VisitRecord:
    chunks = [entry(ev.MicrophoneChunk(seq=seq, at=seq * 0.02, pcm=b"")) for seq in range(1, 101)]
    scenes = [
        entry(ev.SceneEntered(seq=seq, at=seq * 1.0, scene=scene, language="en"))
        for seq, scene in enumerate(("gate", "talk"), 1)
    ]
    last = [entry(ev.EpochAdvanced(seq=30, at=ENDS_AT, epoch=1, reason="end"))]
    return VisitRecord(
        session="s",
        entries=[*chunks, *scenes, *line(LINE, LINE_AT, "ask"), *answer(), *line(BYE, BYE_AT, "bye"), *last],
        spoken=[Burst(*SAID)],
        sounded=[*sounded(LINE, LINE_AT), *sounded(ANSWER, ANSWER_AT), *sounded(BYE, BYE_AT)],
        ends_at=ENDS_AT,
        must_say={"gate": ("ask",), "talk": ("bye",)},
        forgotten_at=ENDS_AT + 2.0,
    )


def without(visit: VisitRecord, is_gone: Callable[[ev.AnyEvent], bool]) -> VisitRecord:
    kept = [note for note in visit.entries if note.event is None or not is_gone(note.event)]
    return msgspec.structs.replace(visit, entries=kept)


def twice(visit: VisitRecord, is_meant: Callable[[ev.AnyEvent], bool]) -> VisitRecord:
    """The last such event once more, under the next number of its stream, as an unfenced bus would have it."""
    meant = next(note for note in reversed(visit.entries) if note.event and is_meant(note.event))
    again = meant._replace(id=StreamId(meant.id.turn, meant.id.seq + 1))
    return msgspec.structs.replace(visit, entries=[*visit.entries, again])


def swapped(visit: VisitRecord, is_meant: Callable[[ev.AnyEvent], bool]) -> VisitRecord:
    """The first two such events in each other's place."""
    entries = list(visit.entries)
    first, second = [index for index, note in enumerate(entries) if note.event and is_meant(note.event)][:2]
    entries[first], entries[second] = entries[second], entries[first]
    return msgspec.structs.replace(visit, entries=entries)
