"""How much the copy is like the visitor: its voice by Resemblyzer, its face by the face service's own measure."""

import io
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rig.loudspeaker import Sounded
from rig.visitor import Samples
from shared.audio import MICROPHONE_HZ, VOICE_HZ

LEAST_S = 1.5
"""Less speech than this has no voice to compare."""


def sound_of(sounded: Sequence[Sounded], turns: set[int]) -> NDArray[np.float32]:
    """All speech of some of the mirror's turns, 24 kHz, one after the other."""
    pieces = [piece.pcm.astype(np.float32) / 32768.0 for piece in sounded if piece.turn in turns]
    return np.concatenate([np.zeros(0, np.float32), *pieces])


def voice_likeness(visitor: Samples, copy: NDArray[np.float32], stock: NDArray[np.float32]) -> dict[str, object]:
    """Cosine of speaker embeddings: visitor against copy, and visitor against the stock voice. Same person: about 0.86."""
    nothing: dict[str, object] = {"similarity": None, "stock_similarity": None}
    if copy.size < LEAST_S * VOICE_HZ or stock.size < LEAST_S * VOICE_HZ:
        return {**nothing, "reason": "too little speech in the copy's or the stock voice"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old idioms in what it imports
            from resemblyzer import VoiceEncoder, preprocess_wav
    except ImportError:
        return {**nothing, "reason": "resemblyzer is not installed; `make install` brings it"}
    encoder = VoiceEncoder("cpu", verbose=False)

    def embed(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        return np.asarray(encoder.embed_utterance(preprocess_wav(samples, source_sr=rate)), dtype=np.float32)

    who = embed(visitor, MICROPHONE_HZ)
    return {
        "similarity": round(float(who @ embed(copy, VOICE_HZ)), 3),
        "stock_similarity": round(float(who @ embed(stock, VOICE_HZ)), 3),
    }


def read_picture(jpeg: bytes) -> NDArray[np.uint8]:
    """JPEG as BGR, shape (h, w, 3)."""
    from PIL import Image

    rgb = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
    return np.ascontiguousarray(rgb[:, :, ::-1])
