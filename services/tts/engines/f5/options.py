"""What may be set of F5-TTS."""

from typing import Literal

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set."""

    model: str = ""
    """Folder with one *.safetensors and its vocab.txt; empty: `f5` among the pulled models."""
    vocoder: str = ""
    """Folder with config.yaml and pytorch_model.bin of Vocos; empty: `vocos` inside the model's folder."""
    device: Literal["auto", "cuda", "cpu"] = "auto"
    """auto takes a GPU if there is one. cuda: without one the engine is unavailable."""
    precision: Literal["auto", "fp16", "fp32"] = "auto"
    """auto: fp16 on a GPU, fp32 on the CPU, where half precision is slower and not exact."""
    cpu_threads: int = 1
    """Without a GPU: other stages need the cores too, and threads that wait for busy cores take 20 times as long."""
    steps: int = 7
    """Steps from noise to speech: 7 (pruned, no worse to the ear), 16, 32. Fewer than 6 blur."""
    guidance: float = 2.0
    """How strictly it follows words and reference. As it was tuned."""
    languages: tuple[str, ...] = ("en",)
    """What these weights can be understood in. The public ones learned English and Chinese; a fine-tuned one may say nl."""
    graphs: bool = True
    """CUDA graphs, one a length, each checked against the plain path before it is used. No effect on the CPU."""
    graph_frames: tuple[int, int] = (448, 1_280)
    """Lengths, reference included, that graphs are made for at the start: 94 frames are a second."""
    reference_s: tuple[float, float] = (4.0, 6.0)
    """The sample is cut at the end of a word between these. Each second costs 11 % of a step; below 4 s likeness suffers."""
    read_along: bool = True
    """The stock voice reads along to find where words end; false: samples are kept whole."""
    host_pace: float = 0.92
    """The host speaks calmly: so fast, compared with its reference."""
    copy_pace: float = 1.0
    host_reference: str = ""
    """A sound file of the host's voice, 4 to 6 s; empty: the stock voice of `host_from` reads a line at the start."""
    host_text: str = ""
    """What is said in it."""
    host_from: str = "piper"
    """Engine whose stock voice lends the host its voice, if there is no `host_reference`."""
    text_mask_padding: bool = True
    """How these weights were trained: v1 true, v0 false. No shape tells it."""
    rotary_heads: int = 0
    """Heads with positions: 0 all (v1), 1 (v0). No shape tells it."""
