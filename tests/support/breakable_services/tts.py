"""With a `f5` that can be broken."""

from services.tts.engines import ENGINES
from services.tts.stage import open_stage
from shared.runner import run_service
from tests.support.breakable_services.engine import break_one

if __name__ == "__main__":
    break_one(ENGINES, "f5", "synthesize")
    run_service("tts", open_stage)
