"""What `mirror doctor` is told of the face."""

from pathlib import Path
from typing import Any

import pytest

from services.faceswap.checkup import run_checkup
from shared.checkup import Finding

pytestmark = pytest.mark.engine


def findings(**faceswap: Any) -> list[Finding]:
    told: list[tuple[float, str]] = []
    found = list(run_checkup({"faceswap": faceswap}, lambda share, what: told.append((share, what))))
    assert told[-1][0] == 1.0
    return found


def test_the_embedded_engine_is_right_and_timed() -> None:
    [found] = findings(fps=1.0)
    assert (found.check, found.state, found.cure) == ("faceswap mesh_warp", "right", "")
    assert found.figures["swap_ms"] > 0
    assert found.figures["warm_s"] > 0


def test_an_engine_too_slow_for_the_wished_rate_is_told_with_what_to_do() -> None:
    [found] = findings(fps=100_000.0)
    assert found.state == "missing"
    assert "fewer pictures" in found.cure


def test_both_of_a_fallback_are_looked_at_and_the_preferred_one_may_be_missing(tmp_path: Path) -> None:
    options = {"fallback": {"order": ["inswapper", "mesh_warp"]}, "inswapper": {"model": str(tmp_path / "none")}}
    first, then = findings(engine="fallback", options=options, fps=1.0)
    assert (first.check, first.state) == ("faceswap inswapper", "missing")
    assert "there is no folder" in first.found
    assert "--set model=FOLDER" in first.cure
    assert then.state == "right"


def test_the_last_engine_is_needed(tmp_path: Path) -> None:
    [found] = findings(engine="inswapper", options={"inswapper": {"model": str(tmp_path / "none")}})
    assert found.state == "wrong"


def test_a_cpu_where_a_gpu_belongs_is_told_with_what_to_do(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tests.support.tiny_face_models import write_models

    [found] = findings(engine="inswapper", options={"inswapper": {"model": str(write_models(tmp_path))}}, fps=1.0)
    assert found.state == "missing"
    assert found.found.startswith("cpu (onnxruntime has no GPU)")
    assert "requirements-gpu.txt" in found.cure
