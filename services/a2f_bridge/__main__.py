"""Run the bridge as a service."""

from services.a2f_bridge.stage import open_stage
from shared.process import run_service

if __name__ == "__main__":
    run_service("a2f_bridge", open_stage)
