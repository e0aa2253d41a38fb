"""config/rig.toml on a machine without a GPU: what has to be said differently, and nothing else."""

from pathlib import Path

import msgspec

GENTLE = (
    "asr.options.fallback.patience_s=20", "tts.options.fallback.patience_s=20",
    "faceswap.options.fallback.patience_s=20", "faceswap.options.fallback.slow_s=5",
    "a2f_bridge.options.audio2face.watchdog_ms=5000",
)  # fmt: skip
"""A machine busy with other work is slow, not broken."""

SOON = (
    "llm.options.hedge.rest_s=4", "tts.options.fallback.rest_s=4", "a2f_bridge.options.audio2face.look_again_s=1",
    "faceswap.options.fallback.rest_s=2",
)  # fmt: skip
"""A visit of 75 s is too short for the rig's own rests; what is to be seen is that each comes back."""


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Folders of weights that run here."""

    whisper: Path
    f5: Path
    inswapper: Path


def weights(folder: Path) -> Weights:
    """Packaged, or written into the folder."""
    from services.tts.engines.f5.random_weights import write_random_weights
    from tests.support.asr_whisper_weights import whisper_tiny_en
    from tests.support.tiny_face_models import write_models

    (folder / "f5").mkdir(parents=True)
    return Weights(
        whisper=whisper_tiny_en(), f5=write_random_weights(folder / "f5"), inswapper=write_models(folder / "inswapper")
    )


def on_the_processor(found: Weights) -> tuple[str, ...]:
    """The rig's settings moved to this machine."""
    return (
        f"asr.options.faster_whisper.model={found.whisper}", "asr.options.faster_whisper.device=cpu",
        "asr.options.faster_whisper.cpu_threads=1",
        f"tts.options.f5.model={found.f5}", "tts.options.f5.device=cpu", "tts.options.f5.precision=fp32",
        "tts.options.f5.read_along=false",
        f"faceswap.options.inswapper.model={found.inswapper}", "faceswap.options.inswapper.device=cpu",
        "faceswap.source=stand_in", "faceswap.width=640", "faceswap.height=480",
    )  # fmt: skip


def at(gemini: int, audio2face: int) -> tuple[str, ...]:
    """The peers' ports."""
    return (
        f"llm.options.gemini.base_url=http://127.0.0.1:{gemini}",
        f"a2f_bridge.options.audio2face.address=127.0.0.1:{audio2face}",
        "llm.options.hedge.hedge_s=1.0", "llm.options.hedge.clause_s=1.1",
    )  # fmt: skip
