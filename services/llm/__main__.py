"""Run the stage: `python -m services.llm`."""

from services.llm.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("llm", open_stage)
