"""The edge to onnxruntime, with the real package on the CPU."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnxruntime

from services.faceswap.arrays import Floats
from services.faceswap.engines.inswapper_runtime import (
    CPU,
    CUDA,
    TENSORRT,
    Net,
    OutOfMemory,
    Way,
    _providers,
    picture_blob,
)
from shared.errors import EngineFailed, EngineUnavailable
from shared.lost_context import is_lost
from tests.support.tiny_face_models import write_ghost, write_recogniser, write_swapper

pytestmark = pytest.mark.engine
SHAPES = [(1, 3, 128, 128), (1, 512)]


def inputs(seed: int, size: int = 128) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return random.random((1, 3, size, size), np.float32), random.random((1, 512), np.float32)


def test_bound_buffers_give_what_a_plain_run_gives_and_answers_are_the_callers_own(tmp_path: Path) -> None:
    path = write_swapper(tmp_path / "x.onnx")
    net = Net(path, SHAPES, Way())
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    answers = []
    for seed in (1, 2, 1):
        picture, latent = inputs(seed)
        answers.append(net.run(picture, latent)[0])
        assert (answers[-1] == session.run(None, {"target": picture, "source": latent})[0]).all()
    assert (answers[0] == answers[2]).all()
    assert (answers[0] != answers[1]).any()


def test_inputs_are_told_by_their_rank_not_by_their_order_or_name(tmp_path: Path) -> None:
    write_ghost(tmp_path)
    net = Net(tmp_path / "ghost_256.onnx", [(1, 3, 256, 256), (1, 512)], Way())
    assert net.run(*inputs(1, 256))[0].shape == (1, 3, 256, 256)


def test_a_network_of_another_shape_is_refused_with_both(tmp_path: Path) -> None:
    with pytest.raises(
        EngineUnavailable, match=r"takes \[\[1, 3, 128, 128\], \[1, 512\]\], should take \[\[1, 3, 256, 256\]"
    ):
        Net(write_swapper(tmp_path / "x.onnx"), [(1, 3, 256, 256), (1, 512)], Way())


@pytest.mark.parametrize("device", [CUDA, TENSORRT])
def test_a_device_that_is_not_there_is_never_replaced_in_silence(tmp_path: Path, device: str) -> None:
    with pytest.raises(EngineUnavailable, match=f"{device} was asked for"):
        Net(write_recogniser(tmp_path / "x.onnx"), [(1, 3, 112, 112)], Way(device=device))


def test_a_gpu_that_could_not_be_loaded_is_not_replaced_by_the_cpu_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # onnxruntime built for CUDA on a machine without its libraries: a line on stderr, then the CPU.
    path = write_recogniser(tmp_path / "x.onnx")
    opened = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *args, **options: opened)
    with pytest.raises(EngineUnavailable, match=r"opened x\.onnx with CPUExecutionProvider"):
        Net(path, [(1, 3, 112, 112)], Way(device=CUDA))


class Broken:
    """A binding whose answers cannot be fetched."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def copy_outputs_to_cpu(self) -> list[Floats]:
        raise self.error


@pytest.mark.parametrize(
    "said",
    [
        "CUDA failure 2: out of memory ; GPU=0 ; hostname=rig",
        "BFCArena::AllocateRawInternal(size_t) Failed to allocate memory for requested buffer of size 553648128",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED",
        "std::bad_alloc",
    ],
)
def test_every_way_of_saying_that_memory_is_gone_is_understood(tmp_path: Path, said: str) -> None:
    net = Net(write_recogniser(tmp_path / "x.onnx"), [(1, 3, 112, 112)], Way())
    bound = net._binding
    net._session = type("Session", (), {"run_with_iobinding": lambda self, binding: None})()
    net._binding = Broken(onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException(said))
    with pytest.raises(OutOfMemory, match="no memory left"):
        net.run(np.zeros((1, 3, 112, 112), np.float32))
    del bound


def test_a_lost_context_is_told_however_late_in_the_message_it_stands(tmp_path: Path) -> None:
    net = Net(write_recogniser(tmp_path / "x.onnx"), [(1, 3, 112, 112)], Way())
    said = (
        f"Non-zero status code returned {300 * 'x'} CUDA failure 700: an illegal memory access was encountered ; GPU=0"
    )
    net._session = type("Session", (), {"run_with_iobinding": lambda self, binding: None})()
    net._binding = Broken(onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException(said))
    with pytest.raises(EngineFailed) as raised:
        net.run(np.zeros((1, 3, 112, 112), np.float32))
    assert is_lost(str(raised.value))


def test_any_other_error_of_the_runtime_is_ours_and_short(tmp_path: Path) -> None:
    net = Net(write_recogniser(tmp_path / "x.onnx"), [(1, 3, 112, 112)], Way())
    with pytest.raises(EngineFailed) as raised:
        net.run(np.zeros((1, 3, 64, 64), np.float32))
    assert not isinstance(raised.value, OutOfMemory)
    assert len(str(raised.value)) < 300


def test_a_graph_is_asked_for_in_each_providers_own_words() -> None:
    assert _providers(Way(device=CUDA, is_graph=True, options={"gpu_mem_limit": "1"})) == [
        ("CUDAExecutionProvider", {"gpu_mem_limit": "1", "enable_cuda_graph": "1"}), "CPUExecutionProvider",
    ]  # fmt: skip
    assert _providers(Way(device=TENSORRT, is_graph=True, is_half=True)) == [
        ("TensorrtExecutionProvider", {"trt_cuda_graph_enable": "1", "trt_fp16_enable": "1"}),
        "CUDAExecutionProvider", "CPUExecutionProvider",
    ]  # fmt: skip
    assert _providers(Way(device=CPU)) == [("CPUExecutionProvider", {})]


def test_a_picture_becomes_the_planes_that_the_network_was_trained_on() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 1] = (255, 127, 51)
    plain = picture_blob(picture, (0, 0, 0), (1, 1, 1))
    assert plain.shape == (1, 3, 2, 2)
    assert plain[0, :, 0, 1] == pytest.approx([51 / 255, 127 / 255, 1.0])
    scaled = picture_blob(picture, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert scaled[0, :, 0, 1] == pytest.approx([51 / 127.5 - 1, 127 / 127.5 - 1, 1.0], abs=1e-6)
