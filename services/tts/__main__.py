"""Run the stage: `python -m services.tts`."""

from services.tts.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("tts", open_stage)
