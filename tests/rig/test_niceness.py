import asyncio
import os
import sys
from pathlib import Path

import pytest

from rig.niceness import be_nice_as_group


def _proc(folder: Path, grouping: str) -> Path:
    (folder / "sys/kernel").mkdir(parents=True)
    (folder / "sys/kernel/sched_autogroup_enabled").write_text(grouping)
    (folder / "7").mkdir()
    return folder


async def test_the_group_of_a_service_steps_back_with_it(tmp_path: Path) -> None:
    proc = _proc(tmp_path, "1\n")

    assert await be_nice_as_group(7, 8, proc)

    assert (proc / "7/autogroup").read_text().strip() == "8"


@pytest.mark.parametrize(("grouping", "niceness"), [("0\n", 8), ("1\n", 0)])
async def test_nothing_is_asked_where_it_would_change_nothing(tmp_path: Path, grouping: str, niceness: int) -> None:
    proc = _proc(tmp_path, grouping)

    assert not await be_nice_as_group(7, niceness, proc)

    assert not (proc / "7/autogroup").exists()


async def test_a_system_without_groups_is_left_alone(tmp_path: Path) -> None:
    assert not await be_nice_as_group(7, 8, tmp_path)


async def test_a_refusal_is_said_and_harms_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    proc = _proc(tmp_path, "1\n")

    assert not await be_nice_as_group(8, 8, proc)

    assert "share of the processors" in caplog.text


def _said(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except FileNotFoundError:
        return ""


async def test_the_kernel_says_the_same() -> None:
    if _said("/proc/sys/kernel/sched_autogroup_enabled") != "1":
        pytest.skip("this kernel does not group by session")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        assert await be_nice_as_group(child.pid, 8)
        assert _said(f"/proc/{child.pid}/autogroup").endswith("nice 8")
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        child.kill()
        await child.wait()
