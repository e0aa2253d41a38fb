"""The tensors of a Whisper for CTranslate2, to be filled with anything: what tests and benchmarks do without its weights."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from ctranslate2.specs.whisper_spec import WhisperSpec
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Fill = Callable[..., Array]
"""An array of the given shape."""

WINDOW, CONTEXT = 1500, 448
"""Positions of the encoder (20 ms each) and of the decoder."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Of one model."""

    encoder_layers: int
    decoder_layers: int
    heads: int
    width: int
    bands: int
    inner: int = 0
    """Width between the two halves of a feed-forward layer; 0: four times `width`."""


def shaped(size: Size, vocabulary: int, fill: Fill) -> WhisperSpec:
    """All of it from `fill`, but layer norms, which leave what they get as it is."""
    spec = WhisperSpec(size.encoder_layers, size.heads, size.decoder_layers, size.heads)
    encoder, decoder, width = spec.encoder, spec.decoder, size.width
    encoder.conv1.weight, encoder.conv1.bias = fill(width, size.bands, 3), fill(width)
    encoder.conv2.weight, encoder.conv2.bias = fill(width, width, 3), fill(width)
    encoder.position_encodings.encodings = fill(WINDOW, width)
    decoder.embeddings.weight = fill(vocabulary, width)
    decoder.position_encodings.encodings = fill(CONTEXT, width)
    decoder.projection.weight = fill(vocabulary, width)
    for part in (encoder, decoder):
        _norm(part.layer_norm, fill, width)
        for layer in part.layer:
            _attention(layer.self_attention, (3, 1), fill, width)
            _feed_forward(layer.ffn, fill, size)
    for layer in decoder.layer:
        _attention(layer.attention, (1, 2, 1), fill, width)
    return spec


def _attention(layer: Any, outputs: tuple[int, ...], fill: Fill, width: int) -> None:
    _norm(layer.layer_norm, fill, width)
    for linear, times in zip(layer.linear, outputs, strict=True):
        linear.weight, linear.bias = fill(times * width, width), fill(times * width)


def _feed_forward(layer: Any, fill: Fill, size: Size) -> None:
    inner = size.inner or 4 * size.width
    _norm(layer.layer_norm, fill, size.width)
    layer.linear_0.weight, layer.linear_0.bias = fill(inner, size.width), fill(inner)
    layer.linear_1.weight, layer.linear_1.bias = fill(size.width, inner), fill(size.width)


def _norm(layer: Any, fill: Fill, width: int) -> None:
    kind = fill(1).dtype
    layer.gamma, layer.beta = np.ones(width, kind), np.zeros(width, kind)
