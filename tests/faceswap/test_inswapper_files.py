"""A folder of networks: found by name or by what they are, refused with a reason and a remedy, nobody on the network asked."""

import socket
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnxruntime

from services.faceswap.engines.inswapper_files import find_models, folder_of, read_emap
from services.faceswap.engines.inswapper_open import Options, open_networks
from services.faceswap.swapper_kinds import KINDS, SwapperKind, kind_of
from shared.errors import ConfigError, EngineUnavailable
from tests.support.tiny_face_models import EMAP, Trouble, write_ghost, write_models, write_swapper

pytestmark = pytest.mark.engine
KIND = KINDS["inswapper_128"]


def test_files_under_their_usual_names_are_found_in_a_packs_subfolder(tmp_path: Path) -> None:
    write_models(tmp_path / "models" / "buffalo_l")
    (tmp_path / "models" / "buffalo_l" / "inswapper_128.onnx").rename(tmp_path / "inswapper_128.onnx")
    found = find_models(tmp_path, "inswapper_128", KIND)
    assert [one.name for one in found[:3]] == ["det_10g.onnx", "w600k_r50.onnx", "inswapper_128.onnx"]


def test_files_under_other_names_are_told_by_what_goes_in_and_out(tmp_path: Path) -> None:
    write_models(tmp_path)
    for at, name in enumerate(("w600k_r50", "inswapper_128", "det_10g")):
        (tmp_path / f"{name}.onnx").rename(tmp_path / f"{at}.onnx")
    found = find_models(tmp_path, "inswapper_128", KIND)
    assert [one.name for one in found[:3]] == ["2.onnx", "0.onnx", "1.onnx"]


def test_two_files_for_the_same_work_are_not_guessed_between(tmp_path: Path) -> None:
    write_models(tmp_path)
    write_swapper(tmp_path / "one.onnx")
    (tmp_path / "inswapper_128.onnx").rename(tmp_path / "two.onnx")
    with pytest.raises(EngineUnavailable, match=r"more than one swapper \(one.onnx, two.onnx\)"):
        find_models(tmp_path, "inswapper_128", KIND)


@pytest.mark.parametrize("name", ["det_10g", "w600k_r50", "inswapper_128"])
def test_a_missing_network_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    (write_models(tmp_path) / f"{name}.onnx").unlink()
    with pytest.raises(EngineUnavailable, match="mirror models pull"):
        find_models(tmp_path, "inswapper_128", KIND)


def test_a_missing_folder_is_named_and_no_hub_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError(f"the network was asked: {args}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("MIRROR_MODELS", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="mirror models pull --profile rig"):
        folder_of("")
    with pytest.raises(EngineUnavailable, match="no folder"):
        open_networks(Options(model=str(tmp_path / "nowhere")))
    open_networks(Options(model=str(write_models(tmp_path / "inswapper"))))


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x08\x08"])
def test_a_file_that_is_no_network_is_named(tmp_path: Path, content: bytes) -> None:
    write_models(tmp_path)
    (tmp_path / "inswapper_128.onnx").write_bytes(content)
    with pytest.raises(EngineUnavailable, match=r"inswapper_128\.onnx"):
        open_networks(Options(model=str(tmp_path)))


def test_a_network_of_another_kind_under_a_usual_name_is_refused(tmp_path: Path) -> None:
    write_models(tmp_path)
    (tmp_path / "w600k_r50.onnx").write_bytes((tmp_path / "det_10g.onnx").read_bytes())
    with pytest.raises(EngineUnavailable, match="w600k_r50"):
        open_networks(Options(model=str(tmp_path)))


# --- emap


@pytest.mark.parametrize("trouble", ["", "emap first"])
def test_the_emap_is_found_by_name_wherever_it_lies(tmp_path: Path, trouble: Trouble) -> None:
    assert (read_emap(write_swapper(tmp_path / "x.onnx", trouble=trouble)) == EMAP).all()


def test_insightface_itself_takes_a_moved_emap_without_a_word(tmp_path: Path) -> None:
    # The trap this guards against: every visitor would get a wrong face.
    inswapper = pytest.importorskip("insightface.model_zoo.inswapper")
    path = write_swapper(tmp_path / "x.onnx", trouble="emap first")
    assert inswapper.INSwapper(str(path)).emap.shape == ()


@pytest.mark.parametrize("trouble", ["no emap", "emap first, unnamed", "small emap", "broken emap"])
def test_a_swapper_without_a_usable_emap_is_refused(tmp_path: Path, trouble: Trouble) -> None:
    with pytest.raises(EngineUnavailable, match="emap"):
        read_emap(write_swapper(tmp_path / "x.onnx", trouble=trouble))


def test_a_file_that_onnxruntime_has_optimised_has_lost_its_emap_and_is_refused_unless_it_lies_beside(
    tmp_path: Path,
) -> None:
    write_models(tmp_path)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(str(tmp_path / "inswapper_128.onnx"), options, providers=["CPUExecutionProvider"])
    (tmp_path / "optimised.onnx").replace(tmp_path / "inswapper_128.onnx")
    with pytest.raises(EngineUnavailable, match="take the original file"):
        open_networks(Options(model=str(tmp_path)))
    np.save(tmp_path / "emap.npy", EMAP)
    networks = open_networks(Options(model=str(tmp_path)))
    assert networks.emap is not None
    assert (networks.emap == EMAP).all()


# --- kinds


def test_a_ghost_style_swapper_needs_its_converter(tmp_path: Path) -> None:
    write_models(tmp_path)
    write_ghost(tmp_path)
    assert open_networks(Options(model=str(tmp_path), swapper="ghost_256")).kind.size_px == 256
    (tmp_path / "crossface_ghost.onnx").unlink()
    with pytest.raises(EngineUnavailable, match="crossface_ghost"):
        open_networks(Options(model=str(tmp_path), swapper="ghost_256"))


def test_an_unknown_swapper_is_described_by_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('size_px = 256\nmean = [0.5, 0.5, 0.5]\nlatent = "unit"\n')
    assert kind_of("mine", tmp_path) == SwapperKind(size_px=256, mean=(0.5, 0.5, 0.5), latent="unit")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sise_px = 256", "sise_px"),
        ('template = "face"', "there are arcface_112"),
        ('latent = "x"', "there are emap"),
        ("std = [1, 0, 1]", "above 0"),
        ("=", "Invalid"),
    ],
)
def test_a_wrong_description_is_refused_with_its_mistake(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        kind_of("mine", tmp_path)


def test_a_swapper_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="inswapper_128, ghost_256"):
        kind_of("insapper", tmp_path)
