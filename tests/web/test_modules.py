"""The page's pure modules and generated files."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from shared import describe, kiosk_wire

HERE = Path(__file__).parent
REPO = HERE.parents[1]
NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed (Debian: apt-get install nodejs)")
def test_the_pure_modules_of_the_pages_keep_their_rules() -> None:
    files = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    done = subprocess.run([str(NODE), "--test", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_events_page_and_the_browsers_wire_are_current() -> None:
    files = ["--events", str(REPO / "docs/events.md"), "--js", str(REPO / "services/session/web/shared/wire.js")]
    assert describe.main([*files, "--check"]) == 0, "run `make docs`"


@pytest.mark.skipif(NODE is None, reason="node is not installed (Debian: apt-get install nodejs)")
def test_what_the_browser_says_is_what_the_session_reads() -> None:
    script = f"""
        import * as wire from {str(REPO / "services/session/web/shared/wire.js")!r};
        const said = [
            wire.hello({{token: "t", language: "nl"}}), wire.ping({{sent: 5}}), wire.approach(), wire.leave(),
            wire.audio({{seq: 3, pcm: new Uint8Array(640)}}), wire.played({{turn: 2, sample: 2400, at: 7.25, is_end: true}}),
            wire.camera({{burst: 1, index: 0, jpeg: new Uint8Array([255, 216]), is_last: true}}),
            wire.shown({{frame: 70000, at: 1e9}}), wire.trouble({{what: "no_camera"}}),
        ];
        console.log(JSON.stringify(said.map((bytes) => Buffer.from(bytes).toString("hex"))));
    """
    arguments = [str(NODE), "--input-type=module", "-e", script]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    read = [kiosk_wire.decode_up(bytes.fromhex(one)) for one in msgspec.json.decode(done.stdout, type=list[str])]
    assert read == [
        kiosk_wire.Hello(token="t", language="nl"),
        kiosk_wire.Ping(sent=5.0),
        kiosk_wire.Approach(),
        kiosk_wire.Leave(),
        kiosk_wire.Audio(seq=3, pcm=bytes(640)),
        kiosk_wire.Played(turn=2, sample=2400, at=7.25, is_end=True),
        kiosk_wire.Camera(burst=1, index=0, jpeg=b"\xff\xd8", is_last=True),
        kiosk_wire.Shown(frame=70_000, at=1e9),
        kiosk_wire.Trouble(what="no_camera"),
    ]
