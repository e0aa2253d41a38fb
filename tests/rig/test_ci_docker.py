"""`.ci/docker` on machines that have no engine, cannot install one, or cannot run it: one clear line, and a good end."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("bash", "dirname", "env", "id", "mktemp", "rm", "seq", "sleep", "tail", "timeout")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs, PATH of a machine that has nothing else. Its user is root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    (folder / "id").unlink()
    program(folder, "id", "echo 0")
    return folder


def program(machine: Path, name: str, does: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{does}\n")
    (machine / name).chmod(0o755)


def ended(machine: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [str(machine / "bash"), str(ROOT / ".ci" / "docker")],
        env={"PATH": str(machine), "HOME": str(machine), "TMPDIR": os.environ.get("TMPDIR", "/tmp")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.splitlines() + done.stderr.splitlines()


def test_without_docker_and_without_a_way_to_it_one_line_says_so(machine: Path) -> None:
    code, [line] = ended(machine)
    assert code == 0
    assert line.startswith("docker: NO CONTAINER WAS TRIED: no engine answers, and it takes root and apt-get")


@pytest.mark.parametrize(
    ("apt_get", "said"),
    [
        ("exit 100", "apt-get finds no server"),
        ('test "$1" = update', "docker.io iptables could not be installed"),
    ],
)
def test_what_cannot_be_installed_is_named_in_one_line(machine: Path, apt_get: str, said: str) -> None:
    program(machine, "apt-get", apt_get)
    program(machine, "apt-cache", "exit 100")
    code, [line] = ended(machine)
    assert code == 0
    assert line.startswith("docker: NO CONTAINER WAS TRIED")
    assert said in line


def test_an_engine_that_does_not_run_here_says_its_last_words(machine: Path) -> None:
    program(machine, "docker", "exit 1")
    program(machine, "dockerd", 'echo starting >&2; echo "Devices cgroup isn\'t mounted" >&2; exit 1')
    code, [line] = ended(machine)
    assert code == 0
    assert "an engine is installed but does not run here: Devices cgroup isn't mounted" in line


def test_a_build_that_fails_is_a_fault(machine: Path) -> None:
    # The engine answers, compose and a base image are there; only `docker compose build` does not succeed.
    program(machine, "docker", 'case "$*" in *" build "*) echo "no such file" >&2; exit 17 ;; esac')
    code, lines = ended(machine)
    assert code == 17
    assert any("no such file" in line for line in lines)
    assert not any("NO CONTAINER WAS TRIED" in line for line in lines)


def test_no_step_takes_the_name_of_a_program() -> None:
    steps = re.findall(r"^(\w+)\(\)", (ROOT / ".ci" / "docker").read_text(), re.MULTILINE)
    assert len(steps) > 10
    assert [name for name in steps if shutil.which(name)] == []
