"""With an `f5` whose network can make NaN."""

import torch

from services.tts.engines import ENGINES
from services.tts.engines.f5.engine import F5
from services.tts.engines.f5.velocity import Wish
from services.tts.stage import open_stage
from shared.process import run_service
from tests.support.breakable_services.engine import flag_of, open_instead
from tests.support.tts_f5 import Fault


def fault() -> Fault:
    """NaN while the file lies there."""
    flag, built_in = flag_of("tts"), Fault()

    def velocity(speed: torch.Tensor, _x: torch.Tensor, _wish: Wish) -> torch.Tensor:
        return speed * float("nan") if flag.exists() else speed

    built_in.velocity = velocity
    return built_in


if __name__ == "__main__":
    open_instead(ENGINES, "f5", lambda options, others: F5(options, others, fault().model))
    run_service("tts", open_stage)
