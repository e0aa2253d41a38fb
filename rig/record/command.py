"""`mirror record`, and `mirror rehearse --record`."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from rig.console import print_json, say
from rig.options import Options, script_of, settings_of
from rig.record.consent import require_question
from rig.record.manifest import SYNTHETIC, EngineUsed, Manifest, sha256_of, software
from rig.record.moment import Moment
from rig.record.tape import PICTURES_HZ
from rig.record.watch import Watch, Watcher, require_folder
from rig.record.write import write_recording
from rig.rig_config import RigConfig
from rig.signals import stopping_cleanly
from services.session.play_check import load_play
from shared.config import section
from shared.errors import ConfigError
from shared.loop import run
from shared.process import connect

LICENCE_FILE = "LICENCE.md"


def record_visits(folder: Path, redis_url: str, options: Options, *, licence: str, visits: int, as_json: bool) -> int:
    """Keep the visits of a running mirror whose visitors agree; returns the exit code.

    Raises:
        ConfigError: The operator's switch is off, or the play never asks.
        BadInput: Nothing can be written there.
        BusUnavailable: Redis cannot be reached.
    """
    if not section(settings_of(options, {}), "rig", RigConfig).may_record:
        raise ConfigError(
            "record: recording is off; the operator turns it on with may_record = true in [rig] of the settings, or "
            "--set rig.may_record=true"
        )
    script = script_of(options)
    play = load_play(script)
    require_question(play)
    require_folder(folder)
    say(
        f"recording visits of the play {play.id!r} whose visitor says yes to it, into {folder.resolve()}; Ctrl-C ends it"
    )
    watch = Watch(folder=folder, play=play, script=script, licence=licence, visits=visits)
    watcher = run(stopping_cleanly(_watch(watch, redis_url)))
    if as_json:
        print_json({"kept": [str(path) for path in watcher.kept], "not_kept": watcher.not_kept})
    return 0


async def _watch(watch: Watch, redis_url: str) -> Watcher:
    bus = await connect(redis_url, patience_s=5.0)
    watcher = Watcher(bus, watch, say)
    try:
        await watcher.run()
    finally:
        await bus.close()
    return watcher


def write_synthetic(path: Path, moments: Sequence[Moment], visitor: Path, about: Manifest) -> None:
    """The recording of a visitor who is a folder of free recordings: always allowed, under the folder's licence."""
    licence = visitor / LICENCE_FILE
    manifest = msgspec.structs.replace(
        about,
        consent=SYNTHETIC,
        visitor=visitor.name,
        licence=licence.read_text() if licence.is_file() else "unknown",
        version=software(),
        pictures_hz=PICTURES_HZ,
    )
    write_recording(path, manifest, moments)


def about_visit(session: str, language: str, script: Path, engines: dict[str, EngineUsed]) -> Manifest:
    """The part of a manifest that the visit itself knows."""
    return Manifest(
        session=session,
        language=language,
        script=load_play(script).id,
        script_sha256=sha256_of(script),
        engines=engines,
    )
