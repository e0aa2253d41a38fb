"""Everything of F5 that is loaded once: network, vocoder, vocabulary. From folders that are looked at first; no hub is asked."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import torch

from services.tts.engines.f5.checkpoint import build, load_vocabulary, load_weights, weights_file
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.packages import load_packages
from services.tts.engines.f5.velocity import Network
from services.tts.engines.f5.vocoder import Vocos, load_vocos
from shared.errors import EngineUnavailable
from shared.models import model_path

_POSITIONS = "rotary_embed."


class Loaded(msgspec.Struct, frozen=True):
    """A model, ready."""

    network: Network
    vocos: Vocos
    vocabulary: dict[str, int]
    spell: Callable[[list[str]], list[list[str]]]
    name: str
    """For Health: the weights' file and the package's version."""

    def tokens(self, text: str) -> list[int]:
        """`text` as numbers; what the vocabulary does not know is a blank."""
        return [self.vocabulary.get(sign, 0) for sign in self.spell([text])[0]]


def load(options: Options) -> Loaded:
    """The model as the options say. Raises EngineUnavailable."""
    folder = Path(options.model) if options.model else model_path("f5")
    path = weights_file(folder)
    vocabulary = load_vocabulary(folder)
    device = device_of(options)
    if device.type == "cpu":
        torch.set_num_threads(options.cpu_threads)
    packages = load_packages()
    vocos = load_vocos(packages, Path(options.vocoder) if options.vocoder else folder / "vocos")
    weights = load_weights(path)
    dit = build(packages, weights, text_mask_padding=options.text_mask_padding, rotary_heads=options.rotary_heads)
    letters = dit.text_embed.text_embed.weight.shape[0] - 1
    if letters != len(vocabulary):
        raise EngineUnavailable(
            f"f5: {folder / 'vocab.txt'} has {len(vocabulary)} lines, the weights know {letters}; they are not of one model"
        )
    half = options.precision == "fp16" or (options.precision == "auto" and device.type == "cuda")
    try:
        # Halved before it moves: in full on the GPU it would need twice the memory for a moment.
        for name, module in dit.named_children():
            if not name.startswith(_POSITIONS.rstrip(".")):
                module.to(torch.float16 if half else torch.float32)
        dit.to(device)
        vocos.to(device)
    except (RuntimeError, AssertionError) as error:  # torch's own; out of memory included
        raise EngineUnavailable(
            f'f5: the model does not go onto {device} ({type(error).__name__}); free its memory, or set device = "cpu"'
        ) from error
    return Loaded(
        Network(dit, options.guidance), vocos, vocabulary, packages.tokens, f"{path.stem}, f5-tts {packages.version}"
    )


def device_of(options: Options) -> torch.device:
    """Raises EngineUnavailable where a GPU is wanted and there is none."""
    has_gpu = torch.cuda.is_available()
    if options.device == "cuda" and not has_gpu:
        raise EngineUnavailable(
            'f5: there is no CUDA device; check nvidia-smi and that torch is a CUDA build, or set device = "auto"'
        )
    return torch.device("cuda" if has_gpu and options.device != "cpu" else "cpu")
