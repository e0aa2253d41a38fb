"""With a `faster_whisper` whose decoder can fail."""

from typing import Any

from faster_whisper import WhisperModel

from services.asr.engines import ENGINES
from services.asr.engines.faster_whisper import FasterWhisper, Options, load_model
from services.asr.stage import open_stage
from shared.process import run_service
from tests.support.breakable_services.engine import flag_of, open_instead


def load(options: Options, folder: str, device: str) -> WhisperModel:
    """The model, whose encoder has no memory while the file lies there."""
    model = load_model(options, folder, device)
    encode, flag = model.encode, flag_of("asr")

    def encode_or_fail(features: Any) -> Any:
        if flag.exists():
            raise RuntimeError("CUDA failed with error out of memory (simulated)")
        return encode(features)

    model.encode = encode_or_fail
    return model


if __name__ == "__main__":
    open_instead(ENGINES, "faster_whisper", lambda options, _others: FasterWhisper(options, load))
    run_service("asr", open_stage)
