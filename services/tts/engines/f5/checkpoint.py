"""F5's weights and vocabulary out of a folder. Everything the network's shape needs is read off the weights themselves."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from services.tts.engines.f5.mel import BANDS
from services.tts.engines.f5.packages import Packages
from shared.errors import EngineUnavailable

_PREFIX = re.compile(r"^(?:ema_model\.)?transformer\.")
_DEFAULT_HEAD = 64

Weights = Mapping[str, torch.Tensor]


def weights_file(folder: Path) -> Path:
    """The one *.safetensors of a folder. Raises EngineUnavailable."""
    found = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    if len(found) != 1:
        there = ", ".join(path.name for path in found) or "none"
        raise EngineUnavailable(
            f"f5: {folder} must hold exactly one *.safetensors, there is {there}; give the folder with --set model=FOLDER, "
            "or run `mirror models pull --profile rig`"
        )
    return found[0]


def load_vocabulary(folder: Path) -> dict[str, int]:
    """Character or syllable -> its number, from vocab.txt: one a line, the first a blank, which also stands for the unknown."""
    path = folder / "vocab.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineUnavailable(
            f"f5: {path} cannot be read ({type(error).__name__}); it belongs beside the weights"
        ) from error
    if lines and not lines[-1]:
        lines.pop()
    if not lines or lines[0] != " ":
        raise EngineUnavailable(
            f"f5: {path}: the first line must be a blank, which stands for the unknown; is it F5's own file?"
        )
    return {sign: number for number, sign in enumerate(lines)}


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """The transformer's tensors by their names in it, float32 or as stored, on the CPU. Raises EngineUnavailable."""
    try:
        stored = load_file(path, device="cpu")
    except (OSError, SafetensorError) as error:
        raise EngineUnavailable(f"f5: {path} cannot be read ({error}); pull it again") from error
    return {_PREFIX.sub("", name): tensor for name, tensor in stored.items() if _PREFIX.match(name)}


def arch_of(weights: Weights) -> dict[str, int | str | None]:
    """The transformer's dimensions, as its class wants them. Raises EngineUnavailable if these are other weights."""
    try:
        inner, dim = weights["transformer_blocks.0.attn.to_q.weight"].shape
        letters, text_dim = weights["text_embed.text_embed.weight"].shape
        wide, bands = weights["transformer_blocks.0.ff.ff.0.0.weight"].shape[0], weights["proj_out.weight"].shape[0]
    except (KeyError, ValueError) as error:
        raise EngineUnavailable(f"f5: these are not the weights of an F5 transformer (no {error})") from error
    if bands != BANDS:
        raise EngineUnavailable(f"f5: these weights make {bands} bands; Vocos at 24 kHz takes {BANDS}")
    head = 2 * weights["rotary_embed.inv_freq"].shape[0] if "rotary_embed.inv_freq" in weights else _DEFAULT_HEAD
    return {
        "dim": dim,
        "depth": _count(weights, r"transformer_blocks\.(\d+)\."),
        "heads": inner // head,
        "dim_head": head,
        "ff_mult": wide // dim,
        "text_dim": text_dim,
        "conv_layers": _count(weights, r"text_embed\.text_blocks\.(\d+)\."),
        "text_num_embeds": letters - 1,
        "mel_dim": bands,
        "qk_norm": "rms_norm" if "transformer_blocks.0.attn.q_norm.weight" in weights else None,
    }


def build(packages: Packages, weights: dict[str, torch.Tensor], *, text_mask_padding: bool, rotary_heads: int) -> Any:
    """The transformer with these weights, on the CPU, ready to speak. Raises EngineUnavailable.

    Built without memory of its own: filling 337 million parameters with random values first takes 4 s and twice the space.
    """
    arch = arch_of(weights)
    with torch.device("meta"):
        dit = packages.dit(**arch, text_mask_padding=text_mask_padding, pe_attn_head=rotary_heads or None)
    if "rotary_embed.inv_freq" not in weights:
        head = int(arch["dim_head"] or _DEFAULT_HEAD)
        weights["rotary_embed.inv_freq"] = 1.0 / 10_000.0 ** (torch.arange(0, head, 2).float() / head)
    try:
        dit.load_state_dict(weights, strict=True, assign=True)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise EngineUnavailable(f"f5: the weights do not fit the transformer of this f5-tts: {first}") from error
    if arch["conv_layers"]:
        embed = dit.text_embed
        embed.freqs_cis = packages.positions(arch["text_dim"], embed.precompute_max_pos)
    bare = [name for name, tensor in (*dit.named_parameters(), *dit.named_buffers()) if tensor.is_meta]
    if bare:
        raise EngineUnavailable(f"f5: the weights leave out {bare[0]} of the transformer of this f5-tts")
    return dit.requires_grad_(requires_grad=False).eval()


def _count(weights: Weights, pattern: str) -> int:
    return max((int(found[1]) + 1 for name in weights if (found := re.match(pattern, name))), default=0)
