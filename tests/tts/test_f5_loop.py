"""Our loop against the package's own, on tiny weights; and what it stands on."""

import importlib
import importlib.util
import subprocess
import sys

import numpy as np
import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers", "torchdiffeq")):
    pytest.skip("f5-tts, vocos, torch, x-transformers, torchdiffeq", allow_module_level=True)

import torch

from services.tts.engines.f5.flow import flow, noise
from services.tts.engines.f5.loading import Loaded, load
from services.tts.engines.f5.mel import BANDS, SILENCE, log_mel
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.packages import load_packages
from services.tts.engines.f5.random_weights import TINY
from services.tts.engines.f5.schedule import instants
from services.tts.engines.f5.velocity import LONGEST
from tests.support.tts_f5 import tiny_folder

pytestmark = pytest.mark.engine

TEXT = "The mirror keeps a quiet version. And who are you, then?"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load(Options(model=str(tiny_folder()), device="cpu"))


@pytest.fixture(scope="module")
def reference() -> torch.Tensor:
    """Four seconds, ending with silence."""
    at = torch.arange(4 * 24_000) / 24_000
    sound = torch.sin(2 * torch.pi * 140 * at) * torch.sin(2 * torch.pi * 3 * at) * 0.2
    sound[-7_200:] = 0.0
    return log_mel(sound)


@pytest.fixture(scope="module")
def package_model() -> object:
    """The same weights in the package's own class, built and filled its way."""
    packages = load_packages()
    cfm = importlib.import_module("f5_tts.model.cfm")
    modules = importlib.import_module("f5_tts.model.modules")
    dit = packages.dit(
        dim=TINY.dim, depth=TINY.depth, heads=TINY.heads, dim_head=TINY.dim_head, ff_mult=2, mel_dim=BANDS,
        text_dim=TINY.text_dim, conv_layers=TINY.conv_layers, text_num_embeds=TINY.letters,
    )  # fmt: skip
    model = cfm.CFM(transformer=dit, mel_spec_module=modules.MelSpec(), num_channels=BANDS)
    safetensors = importlib.import_module("safetensors.torch")
    stored = safetensors.load_file(tiny_folder() / "model.safetensors")
    ours = {name.removeprefix("ema_model."): tensor for name, tensor in stored.items() if name.startswith("ema_model.")}
    model.load_state_dict(ours, strict=True)
    return model.eval()


@pytest.mark.parametrize("steps", [7, 16, 32])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_our_loop_equals_the_packages_own(
    loaded: Loaded, reference: torch.Tensor, package_model: object, steps: int, seed: int
) -> None:
    tokens, frames = loaded.tokens(TEXT), len(reference) + 150
    wish = loaded.network.wish(reference, tokens, frames)
    at = instants(steps)
    *_, ours = flow(loaded.network, wish, noise(frames, seed), at, loaded.network.instants(at))
    theirs, _ = package_model.sample(  # type: ignore[attr-defined]  # the package has no types
        cond=reference[None],
        text=torch.tensor([tokens]),
        duration=frames,
        steps=steps,
        cfg_strength=2.0,
        sway_sampling_coef=-1.0,
        seed=seed,
    )
    # In float32 one CPU sums in another order than the next: 3e-6 has been seen. One instant a thousandth off makes 2e-2.
    assert float((ours - theirs)[0, len(reference) :].abs().max()) <= 1e-5
    assert float(theirs.std()) > 0.1  # a network at its zero start would agree with anything


def test_the_seven_instants_are_the_published_ones() -> None:
    assert instants(7).tolist() == pytest.approx([0, 0.0048, 0.0192, 0.0431, 0.0761, 0.2929, 0.6173, 1], abs=5e-5)


@pytest.mark.parametrize("steps", range(4, 34))
def test_all_instants_are_the_packages(steps: int) -> None:
    load_packages()
    at = importlib.import_module("f5_tts.model.utils").get_epss_timesteps(steps, device="cpu", dtype=torch.float32)
    assert torch.equal(instants(steps), at + -1.0 * (torch.cos(torch.pi / 2 * at) - 1 + at))


def test_our_mel_bank_is_the_one_it_was_trained_with() -> None:
    filters = pytest.importorskip("librosa.filters", reason="librosa")
    theirs = filters.mel(sr=24_000, n_fft=1_024, n_mels=BANDS, fmin=0.0, fmax=12_000.0, htk=True, norm=None)
    tone = torch.sin(2 * torch.pi * 1_000 * torch.arange(24_000) / 24_000)
    spectrum = torch.stft(tone, 1_024, 256, window=torch.hann_window(1_024), return_complex=True).abs()
    wanted = np.log(np.maximum(theirs @ spectrum.numpy(), 1e-5)).T
    assert np.abs(log_mel(tone).numpy() - wanted).max() < 2e-3


def test_silence_is_the_floor_in_every_band() -> None:
    assert torch.allclose(log_mel(torch.zeros(4_800)), torch.tensor(SILENCE))


def test_positions_turn_neighbours_in_pairs_and_stay_exact_far_out(loaded: Loaded) -> None:
    turned = importlib.import_module("x_transformers.x_transformers").apply_rotary_pos_emb
    positions = loaded.network._positions
    assert positions.dtype == torch.float32
    assert positions.shape[1] == LONGEST
    half = TINY.dim_head // 2
    angles = 3_000.0 / 10_000.0 ** (np.arange(half) * 2.0 / TINY.dim_head)
    vector = torch.randn(1, 1, 1, TINY.dim_head, generator=torch.Generator().manual_seed(0))
    ours = turned(vector, positions[:, 3_000:3_001], 1.0).numpy().reshape(half, 2)
    pairs = vector.numpy().reshape(half, 2)
    wanted = (pairs[:, 0] + 1j * pairs[:, 1]) * np.exp(1j * angles)
    assert np.abs(ours[:, 0] + 1j * ours[:, 1] - wanted).max() < 1e-3


def test_halved_weights_keep_their_positions_in_full(reference: torch.Tensor) -> None:
    half = load(Options(model=str(tiny_folder()), device="cpu", precision="fp16"))
    assert half.network.dtype == torch.float16
    assert half.network._positions.dtype == torch.float32
    wish = half.network.wish(reference, half.tokens(TEXT), 500)
    at = instants(7)
    *_, made = flow(half.network, wish, noise(500, 0), at, half.network.instants(at))
    full = load(Options(model=str(tiny_folder()), device="cpu"))
    wish = full.network.wish(reference, full.tokens(TEXT), 500)
    *_, exact = flow(full.network, wish, noise(500, 0), at, full.network.instants(at))
    assert float((made - exact).abs().max()) < 0.05 * float(exact.abs().max())


def test_nothing_is_imported_that_is_not_needed() -> None:
    unwanted = {
        "wandb",
        "gradio",
        "datasets",
        "transformers",
        "torchaudio",
        "librosa",
        "huggingface_hub",
        "encodec",
        "pydub",
    }
    code = (
        "import sys; from services.tts.engines.f5.packages import load_packages; load_packages(); "
        f"print(sorted({unwanted!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50)
    assert done.stdout.strip() == "[]"


def test_tokens_are_the_packages_own_chinese_included(loaded: Loaded) -> None:
    assert loaded.tokens("Who? 7") == [loaded.vocabulary[sign] for sign in "Who? 7"]
    assert loaded.spell(["\u4f60\u597d"])[0] == [" ", "ni2", " ", "hao3"]
    assert loaded.tokens("\u4f60") == [0, 0]  # unknown to these weights: a blank
