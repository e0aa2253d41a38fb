"""A tiny Whisper that always says the same, made of zeros and ones in a few milliseconds and loaded by the real libraries.

Every word is one token with a dimension of its own; the projection leads from each to the next. The self-attention does one
thing: it carries the prompt's language token to the first word. The encoder hears nothing.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from services.asr.engines.whisper_shape import Size, shaped

WIDTH = 64
"""Of the model; more than the dimensions that a script needs."""

LANGUAGES = ("en", "nl")
SIGN_OF_MANY_LANGUAGES = ""
"""CTranslate2 takes a model for multilingual if its vocabulary has this token; that of tiny.en has not, that of base has."""

END, START, PLAIN = "<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """What it says, and how."""

    says: Mapping[str, str]
    """Sentence by language; one language makes an English-only model. No word may be in it twice, in either language."""
    is_sure: bool = True
    hears_nobody: bool = False
    """It takes all sound for silence (and says something all the same)."""
    never_ends: bool = False
    """Behind the last word comes the first again, unless that is forbidden."""
    bands: int = 80


def write_whisper(folder: Path, play: Play) -> Path:
    """Write the model's folder; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokens = _write_tokenizer(folder, play)
    spec = _spec(play, {token: i for i, token in enumerate(tokens)})
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.lang_ids = [], [], []
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": play.bands}))
    return folder


def _chains(play: Play) -> dict[str, list[str]]:
    return {language: [token_of(word) for word in text.split()] for language, text in play.says.items()}


def token_of(word: str) -> str:
    """As byte-level BPE writes it; what looks like a special token is left as it is."""
    return word if word.startswith("<|") else f"\u0120{word}"


def _write_tokenizer(folder: Path, play: Play) -> list[str]:
    """Ids: bytes, words, the end, the other special tokens, timestamps. What is above the end is no text."""
    words = [word for chain in _chains(play).values() for word in chain if not word.startswith("<|")]
    plain = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *words]
    spoken = LANGUAGES if len(play.says) > 1 else ()
    tags = ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", PLAIN]
    special = [END, START, *(f"<|{language}|>" for language in spoken), *tags]
    times = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    if spoken:
        plain.append(SIGN_OF_MANY_LANGUAGES)
    assert len(set(plain)) == len(plain), "no word twice"
    tokenizer: Any = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(plain)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))
    return [*plain, *special, *times]


def _spec(play: Play, ids: Mapping[str, int]) -> WhisperSpec:
    size = Size(encoder_layers=1, decoder_layers=1, heads=1, width=WIDTH, bands=play.bands, inner=WIDTH)
    spec = shaped(size, len(ids), _zeros)
    dimension = _dimensions(play, ids)
    for token, axis in dimension.items():
        spec.decoder.embeddings.weight[ids[token], axis] = 1.0
    attention = spec.decoder.layer[0].self_attention.linear
    for axis in (dimension[f"<|{language}|>"] for language in LANGUAGES if f"<|{language}|>" in dimension):
        # It looks everywhere alike; only what says the language is brought along.
        attention[0].weight[2 * WIDTH + axis, axis] = 1.0
        attention[1].weight[axis, axis] = 0.2
    spec.decoder.projection.weight = _projection(play, ids, dimension)
    return spec


def _dimensions(play: Play, ids: Mapping[str, int]) -> dict[str, int]:
    languages = [f"<|{language}|>" for language in LANGUAGES if f"<|{language}|>" in ids]
    words = [word for chain in _chains(play).values() for word in chain]
    tokens = [START, PLAIN, *languages, *words]
    assert len(tokens) <= WIDTH, "the script is too long"
    return {token: axis for axis, token in enumerate(tokens)}


def _projection(play: Play, ids: Mapping[str, int], dimension: Mapping[str, int]) -> NDArray[np.float32]:
    """From each token to the next; in a circle the end is the second choice behind the second word."""
    strength = 6.0 if play.is_sure else 0.6
    to = _zeros(len(ids), WIDTH)
    for language, chain in _chains(play).items():
        to[ids[chain[0]], dimension[PLAIN]] = strength
        if f"<|{language}|>" in dimension:
            to[ids[chain[0]], dimension[f"<|{language}|>"]] = strength
        for word, following in pairwise(chain):
            to[ids[following], dimension[word]] = strength
        to[ids[chain[0] if play.never_ends else END], dimension[chain[-1]]] = strength
        if play.never_ends:
            to[ids[END], dimension[chain[1]]] = strength / 2
    if play.hears_nobody:
        to[ids["<|nospeech|>"], dimension[START]] = 6.0
    return to


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)
