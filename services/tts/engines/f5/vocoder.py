"""Vocos out of a folder: a spectrogram becomes sound. Only its two networks; the rest of that package reaches for a hub."""

import pickle
from pathlib import Path
from typing import Any

import torch
import yaml

from services.tts.engines.f5.mel import BANDS, HOP
from services.tts.engines.f5.packages import Packages
from shared.errors import EngineUnavailable

_BACKBONE, _HEAD = "vocos.models.VocosBackbone", "vocos.heads.ISTFTHead"


class Vocos(torch.nn.Module):
    """Both networks, float32: 13.5 million parameters, too few to gain by halves."""

    def __init__(self, backbone: Any, head: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    @torch.inference_mode()
    def sound(self, frames: torch.Tensor) -> torch.Tensor:
        """Frames, shape (n, BANDS), n > 1, to 24 kHz, float32, shape ((n - 1) * HOP,)."""
        mel = frames.to(self.head.out.weight.device, torch.float32).T[None]
        sound: torch.Tensor = self.head(self.backbone(mel))
        return sound[0]


def load_vocos(packages: Packages, folder: Path) -> Vocos:
    """From config.yaml and pytorch_model.bin. Raises EngineUnavailable."""
    parts = _parts(folder / "config.yaml")
    try:
        vocos = Vocos(packages.vocos_backbone(**parts["backbone"]), packages.vocos_head(**parts["head"]))
        stored = torch.load(folder / "pytorch_model.bin", map_location="cpu", weights_only=True)
        own = {name: tensor for name, tensor in stored.items() if not name.startswith("feature_extractor.")}
        vocos.load_state_dict(own, strict=True)
    except (OSError, RuntimeError, TypeError, ValueError, AttributeError, EOFError, pickle.UnpicklingError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EngineUnavailable(f"f5: Vocos cannot be loaded from {folder}: {first}; pull it again") from error
    return vocos.requires_grad_(requires_grad=False).eval()


def _parts(path: Path) -> dict[str, dict[str, Any]]:
    """The arguments of both networks, and nothing else of that file: it could name any class."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        named = {part: config[part]["class_path"] for part in ("backbone", "head")}
        parts = {part: dict(config[part]["init_args"]) for part in ("backbone", "head")}
        fits = parts["backbone"]["input_channels"] == BANDS and parts["head"]["hop_length"] == HOP
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise EngineUnavailable(
            f"f5: {path} is not there or no configuration of Vocos ({type(error).__name__}); give its folder with "
            "--set vocoder=FOLDER, or run `mirror models pull --profile rig`"
        ) from error
    if named != {"backbone": _BACKBONE, "head": _HEAD} or not fits:
        raise EngineUnavailable(
            f"f5: {path} is not the 24 kHz Vocos of {BANDS} bands and hop {HOP} that F5 was trained with"
        )
    return parts
