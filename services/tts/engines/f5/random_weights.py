"""Weights with the right shapes and random values: for tests (tiny) and for timing (full size). What they speak is noise.

Time does not depend on the values, as long as they are finite and not zero; the network's own start is zero in all gates, and would
make every clause the same.
"""

from pathlib import Path
from typing import Any

import msgspec
import torch
import yaml
from safetensors.torch import save_file

from services.tts.engines.f5.mel import BANDS, HOP
from services.tts.engines.f5.packages import load_packages

_WINDOW = 1_024


_BESIDE = {"initted": torch.tensor(data=True), "step": torch.tensor(1_250_000)}
"""What the published file holds beside the network."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What decides the shapes."""

    dim: int
    depth: int
    heads: int
    dim_head: int
    text_dim: int
    conv_layers: int
    vocos_dim: int
    vocos_layers: int
    letters: int
    """Lines of vocab.txt."""


BASE = Size(
    dim=1_024,
    depth=22,
    heads=16,
    dim_head=64,
    text_dim=512,
    conv_layers=4,
    vocos_dim=512,
    vocos_layers=8,
    letters=2_545,
)
"""F5TTS_v1_Base and Vocos as they are published: 337 and 13.5 million parameters."""

TINY = Size(dim=64, depth=2, heads=2, dim_head=32, text_dim=32, conv_layers=2, vocos_dim=32, vocos_layers=2, letters=95)
"""1.3 MB, and a clause in a tenth of a second."""


def write_random_weights(folder: Path, size: Size = TINY, seed: int = 0) -> Path:
    """A folder the engine can be pointed at: model.safetensors, vocab.txt, vocos/. Raises EngineUnavailable."""
    packages = load_packages()
    (folder / "vocos").mkdir(parents=True, exist_ok=True)
    signs = [
        " ",
        *(chr(code) for code in range(33, 127)),
        *(f"syllable{number}" for number in range(size.letters - 95)),
    ]
    (folder / "vocab.txt").write_text("\n".join(signs) + "\n", encoding="utf-8")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        dit = packages.dit(
            dim=size.dim, depth=size.depth, heads=size.heads, dim_head=size.dim_head, ff_mult=2, mel_dim=BANDS,
            text_dim=size.text_dim, conv_layers=size.conv_layers, text_num_embeds=size.letters,
        )  # fmt: skip
        _wake(dit, 0.2 if size.dim < _WINDOW // 2 else 0.02)
        stored = {f"ema_model.transformer.{name}": tensor.contiguous() for name, tensor in dit.state_dict().items()}
        save_file(stored | _BESIDE, folder / "model.safetensors")
        _write_vocos(packages, folder / "vocos", size)
    return folder


def _write_vocos(packages: Any, folder: Path, size: Size) -> None:
    arguments: dict[str, dict[str, Any]] = {
        "backbone": {
            "input_channels": BANDS, "dim": size.vocos_dim, "intermediate_dim": 3 * size.vocos_dim,
            "num_layers": size.vocos_layers,
        },
        "head": {"dim": size.vocos_dim, "n_fft": _WINDOW, "hop_length": HOP, "padding": "center"},
    }  # fmt: skip
    classes = {"backbone": "vocos.models.VocosBackbone", "head": "vocos.heads.ISTFTHead"}
    config = {part: {"class_path": classes[part], "init_args": init} for part, init in arguments.items()}
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    networks = {
        "backbone": packages.vocos_backbone(**arguments["backbone"]), "head": packages.vocos_head(**arguments["head"])
    }  # fmt: skip
    stored = {f"{part}.{name}": tensor for part, net in networks.items() for name, tensor in net.state_dict().items()}
    stored["feature_extractor.mel_spec.spectrogram.window"] = torch.hann_window(_WINDOW)
    torch.save(stored, folder / "pytorch_model.bin")


def _wake(network: torch.nn.Module, spread: float) -> None:
    for parameter in network.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=spread)
