"""The health check that Docker seldom has to start."""

import subprocess
from pathlib import Path

import pytest

STEADY = Path(__file__).resolve().parents[2] / "containers" / "steady"


class Container:
    """A folder in the place of a container: a check that is well while `well` is there, and a sleep that takes no time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.well = folder / "is_well"
        self.slept = folder / "slept"
        self._program("check", f"echo said; [ -e {self.well} ]")
        self.while_asleep("")

    def while_asleep(self, happens: str) -> None:
        """What a shell does the third time that somebody sleeps."""
        self._program(
            "sleep", f'echo "$1" >>{self.slept}; [ "$(wc -l <{self.slept})" -ne 3 ] || {{ {happens or ":"}; }}'
        )

    def _program(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def checked(self) -> tuple[int, str, list[str]]:
        """Exit code, what was printed, and the naps."""
        self.slept.write_text("")
        environment = {"PATH": f"{self.folder}:/usr/bin:/bin", "MIRROR_HEALTH_FILE": str(self.folder / "beat")}
        command = ["bash", str(STEADY), "30", "check"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, self.slept.read_text().split()


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_that_it_has_become_well_is_said_at_once(container: Container) -> None:
    container.while_asleep(f"touch {container.well}")
    assert container.checked() == (0, "said\n", ["0.25"] * 3)


def test_one_that_does_not_become_well_is_not_waited_for_longer_than_two_seconds(container: Container) -> None:
    assert container.checked() == (1, "said\n", ["0.25"] * 8)


def test_who_is_known_to_be_well_is_watched_for_as_long_as_was_asked_and_not_all_equally_long(
    container: Container,
) -> None:
    container.well.touch()
    container.checked()
    looks = set()
    for _ in range(10):
        code, said, naps = container.checked()
        assert (code, said, set(naps)) == (0, "said\n", {"2"})
        looks.add(len(naps))
    assert looks <= {15, 16, 17, 18}
    assert len(looks) > 1


def test_that_it_is_no_longer_well_is_said_at_once(container: Container) -> None:
    container.well.touch()
    container.checked()
    container.while_asleep(f"rm {container.well}")
    assert container.checked() == (1, "said\n", ["2"] * 3)


def test_who_was_unwell_is_news_again_when_it_is_well(container: Container) -> None:
    container.well.touch()
    container.checked()
    container.well.unlink()
    assert container.checked()[0] == 1
    container.well.touch()
    assert container.checked() == (0, "said\n", [])
