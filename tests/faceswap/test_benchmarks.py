"""What `mirror bench paste-back` and `mirror bench faceswap` tell. How fast anything is stands in their output, not here."""

from pathlib import Path

import numpy as np
import pytest

from services.faceswap.benchmark import run_benchmark
from services.faceswap.engines.inswapper_runtime import CUDA, available
from services.faceswap.engines.passthrough import Passthrough
from services.faceswap.second_load import second_load
from services.faceswap.throughput import measure_flow
from shared.errors import BadInput, EngineUnavailable
from tests.support.faceswap_world import another_face, head, jpeg

pytestmark = pytest.mark.engine


def silent(share: float, what: str) -> None:
    assert 0.0 <= share <= 1.0
    del what


def test_the_paste_back_is_timed_against_insightface_and_is_the_same_picture_to_one_level() -> None:
    pytest.importorskip("insightface")
    from services.faceswap.paste_benchmark import _measure

    rows, figures = _measure(1, silent)
    assert set(figures) == {
        f"{size}.{what}" for size in ("720p", "1080p") for what in ("ratio", "max_difference", "insightface_difference")
    }
    for size in ("720p", "1080p"):
        assert figures[f"{size}.max_difference"] <= 1
        assert figures[f"{size}.insightface_difference"] <= 3
    assert [row[:2] for row in rows] == [
        ("720p", 252), ("720p", 360), ("720p", 540), ("1080p", 378), ("1080p", 540), ("1080p", 810),
    ]  # fmt: skip


def test_what_is_not_swapped_is_not_counted_as_out() -> None:
    class Leaving(Passthrough):
        """Swaps nothing."""

    engine = Leaving()
    flow = measure_flow(engine, engine.prepare(head()), [head()], per_s=60.0, seconds=0.3)
    assert flow.frames_in > 0
    assert (flow.frames_out, flow.age_p50_ms) == (0.0, 0.0)


def test_a_short_run_tells_every_step_and_what_it_left_out(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tests.support.tiny_face_models import write_models

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(another_face()))
    settings = {
        "faceswap": {"engine": "inswapper", "options": {"inswapper": {"model": str(write_models(tmp_path / "m"))}}}
    }
    found = run_benchmark(settings, {"face": str(photo), "quick": "1"}, silent)
    assert [row[0] for row in found.tables[0].rows] == [
        "face mesh", "swap: track", "swap: align", "swap: network", "swap: light", "swap: lay back", "paste", "JPEG",
    ]  # fmt: skip
    assert {"480p.network_ms", "1080p.lay_back_ms", "720p.loaded.at_30.out_per_s"} <= set(found.figures)
    assert any("cpu" in note for note in found.notes)
    assert any("left out" in note for note in found.notes)


def test_a_photo_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match="cannot read"):
        run_benchmark({"faceswap": {}}, {"face": "/nowhere.jpg", "quick": "1"}, silent)


def test_random_networks_have_the_interface_of_the_real_ones(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from services.faceswap.engines.inswapper import Inswapper, Options
    from services.faceswap.engines.inswapper_random import write_random_models
    from services.faceswap.face_mesh import FaceMesh

    engine = Inswapper(Options(model=str(write_random_models(tmp_path, 320, thin=64))))
    engine.warm_up()
    points = FaceMesh().track(head())
    assert points is not None
    one, other = (engine.swap(head(), engine.prepare(photo), points) for photo in (another_face(), head()))
    engine.close()
    assert one is not None
    assert other is not None
    assert np.abs(one.pixels.astype(int) - other.pixels).max() > 0


def test_a_second_load_that_cannot_begin_is_not_measured_beside() -> None:
    if CUDA in available():
        pytest.skip("there is a GPU to load")
    with pytest.raises(EngineUnavailable, match="did not begin"), second_load("cuda"):
        pytest.fail("nothing is beside")
