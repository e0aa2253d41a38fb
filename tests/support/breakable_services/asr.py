"""With a `faster_whisper` that can be broken."""

from services.asr.engines import ENGINES
from services.asr.stage import open_stage
from shared.runner import run_service
from tests.support.breakable_services.engine import break_one

if __name__ == "__main__":
    break_one(ENGINES, "faster_whisper", "transcribe")
    run_service("asr", open_stage)
