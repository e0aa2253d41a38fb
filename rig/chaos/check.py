"""The check: a visit's record in, its faults out. Pure, and blind to what disturbed the visit. docs/chaos.md says each rule."""

from collections.abc import Iterator

from rig.chaos.check_hearing import SAFETY_S, check_hearing, is_near
from rig.chaos.check_ids import check_ids
from rig.chaos.check_sound import check_sound, is_cut_at_the_end
from rig.chaos.check_speech import Streams, check_face, check_replies, check_voice
from rig.chaos.record import LATE, LEFT_OVER, LOST, Fault, VisitRecord
from shared.audio import VOICE_HZ
from shared.events import SceneEntered, StageFailed

LAST_WORD_S = 1.0
"""The last word ends this close to the play's end."""

FORGOTTEN_S = 12.0
"""Everything is forgotten this long after the play's end at the latest: the farewell picture, and a rewritten log."""


def check(visit: VisitRecord) -> list[Fault]:
    """Everything that must not be."""
    streams = Streams(visit)
    return [
        *check_ids(visit),
        *check_hearing(visit),
        *check_replies(streams),
        *check_voice(streams),
        *check_face(streams),
        *check_sound(visit, streams),
        *_check_poisons(visit, streams),
        *_check_end(visit, streams),
        *_check_wipe(visit),
    ]


def _check_poisons(visit: VisitRecord, streams: Streams) -> Iterator[Fault]:
    """A broken event hurts only itself: it lies in a dead-letter stream, and no other does."""
    buried = {
        (event.stage, event.failed_stream, event.failed_turn, event.failed_seq) for event in streams.all_of(StageFailed)
    }
    poisons = {(note.stream, note.id.turn, note.id.seq) for note in visit.entries if note.is_poison}
    dead = {where[1:] for where in buried}
    yield from (Fault(LOST, "poison", f"{where} lies in no dead-letter stream") for where in sorted(poisons - dead))
    yield from (Fault(LOST, "poison", f"{where} was given up and was no poison") for where in sorted(dead - poisons))


def _check_end(visit: VisitRecord, streams: Streams) -> Iterator[Fault]:
    if visit.was_left:
        return
    if not visit.forgotten_at:
        yield Fault(LATE, "end", "the visit never ended")
    elif visit.forgotten_at > visit.ends_at + FORGOTTEN_S:
        yield Fault(LATE, "end", f"forgotten {visit.forgotten_at - visit.ends_at:.1f} s after the end")
    last = max(((piece.at + len(piece.pcm)) / VOICE_HZ for piece in visit.sounded), default=0.0)
    if (
        abs(last - visit.ends_at) > LAST_WORD_S
        and not is_cut_at_the_end(visit)
        and not _no_yes_was_heard(visit, streams)
    ):
        yield Fault(LATE, "end", f"the last word ended {last - visit.ends_at:+.2f} s off the end", last)


def _no_yes_was_heard(visit: VisitRecord, streams: Streams) -> bool:
    """Whether the play ended at its gate, since all that the visitor said there was said to a kiosk without a line."""
    scenes = [event.scene for event in streams.all_of(SceneEntered)]
    is_gate_shut = all(visit.closing_lines.issuperset(visit.must_say.get(scene, ())) for scene in scenes[1:])
    return is_gate_shut and bool(visit.spoken) and all(is_near(burst, visit.away, SAFETY_S) for burst in visit.spoken)


def _check_wipe(visit: VisitRecord) -> Iterator[Fault]:
    if visit.keys_left:
        yield Fault(LEFT_OVER, "wipe", f"{visit.keys_left} keys")
    if visit.files_left:
        yield Fault(LEFT_OVER, "wipe", f"{visit.files_left} files")
