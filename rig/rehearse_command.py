"""`mirror rehearse`: the rehearsal, its report as a table or as JSON, and its film."""

from pathlib import Path

import msgspec

from rig.console import print_json, progress_bar, say
from rig.face_likeness import face_likeness
from rig.record.command import write_synthetic
from rig.rehearsal_report import report
from rig.rehearsal_table import show
from rig.rehearse import Place, Rehearsal, rehearse
from rig.signals import stopping_cleanly
from rig.visitor import read_visitor
from services.session.play_check import load_play
from shared.loop import run


def run_rehearse(
    folder: Path,
    place: Place,
    *,
    json_file: Path | None,
    film_file: Path | None,
    as_json: bool,
    record_file: Path | None = None,
) -> int:
    """Rehearse, measure, write; returns the exit code: 0 if the visit came to its end and nothing was left."""
    visitor = read_visitor(folder)
    with progress_bar("rehearsing") as progress:
        done = run(stopping_cleanly(rehearse(visitor, place, progress, keeps_pictures=True)))
    if record_file and done.tape and done.about:
        write_synthetic(record_file, done.tape.moments, folder, done.about)
        say(f"recording: {record_file.resolve()}")
    with progress_bar("measuring") as progress:
        progress("voices and faces", 0.2)
        measured = measure(done)
    if film_file:
        from rig.film import write_film

        with progress_bar("filming") as progress:
            write_film(film_file, done, progress)
        say(f"film: {film_file}")
    if json_file:
        json_file.write_bytes(msgspec.json.format(msgspec.json.encode(measured), indent=2))
        say(f"report: {json_file}")
    if as_json:
        print_json(measured)
    else:
        show(measured)
    return 0 if done.wipe["keys_left"] == 0 and done.wipe["files_left"] == 0 else 1


def measure(done: Rehearsal) -> dict[str, object]:
    """The whole report of a rehearsal."""
    must_lines = {scene.id: scene.must_say for scene in load_play(done.script).scenes}
    return {
        **report(done.visitor, done.recording, done.events, must_lines),
        "face": face_likeness(done.visitor, done.recording),
        "wipe": done.wipe,
        "script": done.script.stem,
    }
