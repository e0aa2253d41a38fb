"""As it is: its peer can be taken away."""

from services.llm.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("llm", open_stage)
