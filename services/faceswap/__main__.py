"""Run the stage: `python -m services.faceswap`."""

from services.faceswap.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("faceswap", open_stage)
