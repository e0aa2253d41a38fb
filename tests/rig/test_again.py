"""A service that was killed is started again in its container, and nothing else is."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

AGAIN = Path(__file__).resolve().parents[2] / "containers" / "again"
PATIENCE_S = 20.0


class Container:
    """A folder in the place of a container. The service writes down each of its lives: how often it was started again, and its number."""

    def __init__(self, folder: Path) -> None:
        self.tmp = folder / "tmp"
        self.tmp.mkdir()
        self._lives = folder / "lives"
        self._lives.touch()
        self._service = folder / "service"
        self._processes: list[subprocess.Popen[bytes]] = []

    def begin(self, *deeds: str) -> subprocess.Popen[bytes]:
        """Run a service which does this in its first life, that in its second."""
        cases = "\n".join(f"{life}) {deed} ;;" for life, deed in enumerate(deeds, start=1))
        self._service.write_text(
            f'echo "$MIRROR_RESTARTS $$" >>{self._lives}\ncase $(wc -l <{self._lives}) in\n{cases}\nesac\n'
        )
        environment = {"PATH": os.environ["PATH"], "TMPDIR": str(self.tmp)}
        # Who runs the tests in the background ignores Ctrl-C, and bash cannot trap what it was born to ignore.
        command = ["env", "--default-signal=INT", "bash", str(AGAIN), "bash", str(self._service)]
        self._processes.append(subprocess.Popen(command, env=environment, start_new_session=True))
        return self._processes[-1]

    def end(self) -> None:
        """With its init a container's last process ends."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def lives(self, count: int = 0) -> list[list[int]]:
        """Those so far; if `count`, as soon as there are so many."""
        until(lambda: self._lives.read_text().count("\n") >= count)
        return [[int(word) for word in line.split()] for line in self._lives.read_text().splitlines()]


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that will be so."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    one = Container(tmp_path)
    yield one
    one.end()


@pytest.mark.parametrize("deed", ["kill -KILL $$", "kill -SEGV $$", "exit 5"])
def test_who_was_killed_or_wants_it_is_started_again_and_told_so(container: Container, deed: str) -> None:
    assert container.begin(deed, "exit 0").wait(PATIENCE_S) == 0
    assert [restarts for restarts, _ in container.lives()] == [0, 1]


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130, 143])
def test_who_ended_by_itself_is_left_to_docker(container: Container, code: int) -> None:
    assert container.begin(f"exit {code}").wait(PATIENCE_S) == code
    assert len(container.lives()) == 1


def test_who_dies_again_at_once_is_left_to_docker(container: Container) -> None:
    assert container.begin("kill -KILL $$", "kill -KILL $$").wait(PATIENCE_S) == 128 + signal.SIGKILL
    assert len(container.lives()) == 2


def test_nothing_of_the_dead_is_left(container: Container) -> None:
    (container.tmp / "scratch").mkdir()
    (container.tmp / "scratch" / "voice.wav").touch()
    container.begin("kill -KILL $$", "exit 0").wait(PATIENCE_S)
    assert list(container.tmp.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_handed_on_and_waited_for_and_stays_a_stop(container: Container, number: signal.Signals) -> None:
    ready, handed_over = container.tmp / "ready", container.tmp / "handed_over"
    running = container.begin(
        f"trap 'sleep 0.3; touch {handed_over}; kill -KILL $$' TERM; touch {ready}; sleep 60 & wait"
    )
    until(ready.exists)
    running.send_signal(number)
    assert running.wait(PATIENCE_S) == 128 + signal.SIGKILL
    assert handed_over.exists()
    assert len(container.lives()) == 1


def test_a_stop_in_the_second_life_is_one_too(container: Container) -> None:
    running = container.begin("kill -KILL $$", "sleep 60 & wait")
    container.lives(2)
    running.terminate()
    assert running.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert len(container.lives()) == 2
