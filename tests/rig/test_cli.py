"""The command line: one clear line for every error, one JSON document on stdout."""

import json
import subprocess
import sys

import pytest

from rig.console import EXIT_CODES


def mirror(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "rig", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("rehearse", "nowhere"), 3, "no file nowhere/visitor.yaml"),
        (("try", "ears", "x.wav"), 3, "no stage 'ears'; there are asr, llm, tts, a2f_bridge, faceswap"),
        (("models", "check", "--profile", "phone"), 4, "there are embedded and rig"),
        (("demo", "--set", "nonsense", "--no-open"), 4, "write section.key=value"),
        (("script", "check", "nowhere.yaml"), 3, "nowhere.yaml"),
        (("wipe", "--redis-url", "redis://127.0.0.1:1/0"), 7, "wipe: Redis cannot be reached"),
    ],
)
def test_an_error_is_one_line_on_stderr_with_its_exit_code(arguments: tuple[str, ...], code: int, says: str) -> None:
    done = mirror(*arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.startswith("mirror: ")
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [("models", "list"), ("script", "check", "scripts/short.yaml"), ("doctor", "--quick")]
)
def test_json_is_one_document_on_stdout(arguments: tuple[str, ...]) -> None:
    done = mirror(*arguments, "--json")
    assert json.loads(done.stdout)


def test_help_says_what_every_exit_code_means() -> None:
    text = " ".join(mirror("--help").stdout.split())
    for code in (0, 1, 2, 130, *EXIT_CODES.values()):
        assert f" {code} " in text
