"""As it is: its peer can be taken away."""

from services.a2f_bridge.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("a2f_bridge", open_stage)
