"""Start the asr service."""

from services.asr.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("asr", open_stage)
