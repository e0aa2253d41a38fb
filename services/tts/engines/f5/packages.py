"""The model classes of f5-tts and vocos, without what these packages import beside them.

f5-tts's front door brings its trainer (wandb, datasets, accelerate), vocos's the hub and encodec, and both torchaudio, whose wheels
want the GPU libraries of one exact torch. None of it is called on the way from words to sound. So the front doors are
passed by, and while the files behind them are imported, empty modules stand in for what they only mention.
"""

import contextlib
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

import msgspec

from shared.errors import EngineUnavailable

_FRONT_DOORS = ("f5_tts.model", "vocos")

_MENTIONED: dict[str, tuple[str, ...]] = {
    "torchaudio": (),
    "torchaudio.functional": (),
    "torchaudio.functional.functional": ("_hz_to_mel", "_mel_to_hz"),
    "librosa": (),
    "librosa.filters": ("mel",),
}
"""Module -> the names that are imported from it."""


class Packages(msgspec.Struct, frozen=True):
    """What the engine uses of them."""

    dit: Callable[..., Any]
    """The transformer's class."""
    positions: Callable[..., Any]
    """Text positions, the one buffer that a checkpoint leaves out."""
    tokens: Callable[[list[str]], list[list[str]]]
    """Texts to characters and pinyin syllables, with the gaps of the training text."""
    vocos_backbone: Callable[..., Any]
    vocos_head: Callable[..., Any]
    version: str


def load_packages() -> Packages:
    """Import them; 2 s, most of it torch. Raises EngineUnavailable naming what is missing."""
    try:
        with _standing_in(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # x-transformers, of this torch's script compiler
            for name in _FRONT_DOORS:
                _pass_by(name)
            dit = importlib.import_module("f5_tts.model.backbones.dit")
            utils = importlib.import_module("f5_tts.model.utils")
            vocos, heads = importlib.import_module("vocos.models"), importlib.import_module("vocos.heads")
        return Packages(
            dit=dit.DiT,
            positions=dit.precompute_freqs_cis,
            tokens=utils.convert_char_to_pinyin,
            vocos_backbone=vocos.VocosBackbone,
            vocos_head=heads.ISTFTHead,
            version=version("f5-tts"),
        )
    except (ImportError, AttributeError, PackageNotFoundError) as error:
        raise EngineUnavailable(
            f"f5: a package is missing or not the one this engine was written for ({error}); install "
            "services/tts/requirements-rig.txt, and requirements-rig-nodeps.txt with --no-deps"
        ) from error


def _pass_by(name: str) -> None:
    """Register a package without running its __init__: its modules can be imported one by one."""
    if name in sys.modules:
        return
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ImportError(f"no package {name}")
    package = ModuleType(name)
    package.__path__ = list(found.submodule_search_locations)
    package.__spec__ = found
    sys.modules[name] = package


@contextlib.contextmanager
def _standing_in() -> Iterator[None]:
    """Empty modules in place of _MENTIONED; afterwards everything is as it was, also where the real ones are installed."""
    before = {name: sys.modules.get(name) for name in _MENTIONED}
    for name, names in _MENTIONED.items():
        module = ModuleType(name)
        module.__dict__.update(dict.fromkeys(names, _left_out))
        sys.modules[name] = module
    try:
        yield
    finally:
        for name, module_before in before.items():
            if module_before is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module_before


def _left_out(*_: object, **__: object) -> None:
    raise EngineUnavailable(
        "f5: torchaudio and librosa are left out of this installation, and nothing should call them"
    )
