"""A visit of a chaos run that was kept: the check finds in the file what it found then, and `mirror replay` opens it."""

from pathlib import Path

import msgspec
import pytest

from rig.chaos.check import check
from rig.chaos.command import check_again
from rig.chaos.disturb import Mark
from rig.chaos.gaps import Seen, Wait
from rig.chaos.keep import Kept, keep, read_kept
from rig.chaos.plan import Disturbance
from rig.chaos.record import Noted, Span, VisitRecord
from rig.record.read import read_recording
from shared.errors import BadInput
from shared.streams import StreamId
from tests.support.chaos_visit import LINE, whole_visit

POISON = Noted("requests", StreamId(4, 2), None, is_poison=True)


def faulty() -> VisitRecord:
    """One line never sounded; the poison lies nowhere."""
    visit = whole_visit()
    return msgspec.structs.replace(
        visit,
        sounded=[piece for piece in visit.sounded if piece.turn != LINE],
        entries=[*visit.entries, POISON],
        away=[Span(50.0, 51.0)],
        closing_lines=frozenset({"bye"}),
    )


def kept(record: VisitRecord) -> Kept:
    mark = Mark(
        disturbance=Disturbance(1, "kill", "tts", "speaking"),
        state="speaking",
        at=5.0,
        poison=("voice", StreamId(1, 1)),
    )
    what = Seen(waits=(Wait(1.0, 2.0, "look"),), holes=((1.0, 2.0),), shown=(1.0,), posed=(2.0,))
    return Kept(seed=7, number=3, record=record, marks=[mark], seen=what, faults=check(record))


def test_the_check_finds_in_the_file_what_it_found_then(tmp_path: Path) -> None:
    visit = kept(faulty())
    read = read_kept(keep(tmp_path / "new", visit))
    assert visit.faults
    assert check(read.record) == visit.faults == read.faults
    assert (read.seed, read.number, read.marks, read.seen) == (7, 3, visit.marks, visit.seen)


def test_a_kept_visit_without_a_fault_has_none_when_it_is_read_either(tmp_path: Path) -> None:
    assert check(read_kept(keep(tmp_path, kept(whole_visit()))).record) == []


def test_its_streams_are_a_recording_of_a_synthetic_visitor(tmp_path: Path) -> None:
    path = keep(tmp_path, kept(faulty()))
    recorded = read_recording(path.with_suffix(".mcap"))
    assert recorded.manifest.consent == "synthetic"
    assert "must_say" in recorded.manifest.note
    assert len(recorded.moments) == len(whole_visit().entries)


def test_what_was_logged_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "tts.log").write_text("ready")
    path = keep(tmp_path / "kept", kept(faulty()), tmp_path)
    assert path.with_suffix(".tts.log").read_text() == "ready"


@pytest.mark.parametrize(("record", "code"), [(faulty(), 1), (whole_visit(), 0)])
def test_the_command_says_by_its_exit_code_whether_there_is_a_fault(
    tmp_path: Path, record: VisitRecord, code: int
) -> None:
    keep(tmp_path, kept(record))
    assert check_again([tmp_path], None) == code


def test_a_file_that_is_no_kept_visit_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "visit-1.visit").write_bytes(b"no")
    with pytest.raises(BadInput, match=r"visit-1\.visit"):
        read_kept(tmp_path / "visit-1.visit")
    with pytest.raises(BadInput, match="cannot read"):
        check_again([tmp_path / "visit-2.visit"], None)
