"""Whisper models by name: where their folders lie, what must be in them, and which languages they really know.

A folder is looked at before anything is loaded: faster-whisper asks the hub for whatever it does not find on this machine.
"""

import json
from pathlib import Path

from shared.errors import EngineUnavailable
from shared.models import models_dir

FOLDER = "whisper"
"""Folder of the models folder that holds one folder a model."""

NAMES = (
    "distil-large-v3.5", "large-v3-turbo", "small.en",
    "distil-large-v3", "distil-medium.en", "distil-small.en",
    "large-v3", "large-v2", "medium", "medium.en", "small", "base", "base.en", "tiny", "tiny.en",
)  # fmt: skip
"""What `model` may say instead of a folder; the first three are what the rig is meant for."""

NEEDED = ("model.bin", "config.json", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
SMALLEST_WEIGHTS = 100_000
"""Bytes. Below it `model.bin` is no model but a pointer to one (git-lfs), or the beginning of a download."""


def find_folder(model: str) -> Path:
    """The folder of `model`, a name of `NAMES` or a folder, complete enough to be loaded without asking anybody.

    Raises:
        EngineUnavailable: There is no such folder, or something is missing or broken in it; says what.
    """
    folder = models_dir() / FOLDER / model if model in NAMES else Path(model).expanduser()
    if model in NAMES and not folder.is_dir():
        raise EngineUnavailable(
            f"asr: the Whisper model {model} is not in {folder.parent}; `mirror models pull --profile rig`, or copy its folder there"
        )
    if not model or not folder.is_dir():
        raise EngineUnavailable(
            f"asr: [asr.options.faster_whisper] model {model!r} is no folder and none of {', '.join(NAMES)}; "
            "a name of a hub is not looked up: download it first and give its folder"
        )
    _check(folder)
    return folder


def _check(folder: Path) -> None:
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in VOCABULARIES):
        missing.append(" or ".join(VOCABULARIES))
    if missing:
        raise EngineUnavailable(
            f"asr: the Whisper model in {folder} lacks {', '.join(missing)}; it must be one converted for CTranslate2, "
            "with its tokenizer: `mirror models pull --profile rig`, or copy the folder again"
        )
    size = (folder / "model.bin").stat().st_size
    if size < SMALLEST_WEIGHTS:
        raise EngineUnavailable(
            f"asr: {folder / 'model.bin'} has {size} bytes and is no model; download it again (git-lfs leaves pointers)"
        )
    for name, part in (("config.json", ""), ("tokenizer.json", "model")):
        try:
            content = json.loads((folder / name).read_bytes())
        except ValueError as error:
            raise EngineUnavailable(f"asr: {folder / name} is broken ({error}); download it again") from error
        if part and part not in content:
            raise EngineUnavailable(f"asr: {folder / name} is broken (it has no {part!r}); download it again")


def english_only(model: str) -> bool:
    """Whether a model knows English alone, by its name or its folder's.

    The distilled ones carry the vocabulary of all languages and were trained on English: they turn Dutch into English-sounding junk.
    """
    name = Path(model).name.lower()
    return name.endswith(".en") or "distil" in name
