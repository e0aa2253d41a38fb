"""With a `inswapper` that can be broken."""

from services.faceswap.engines import ENGINES
from services.faceswap.stage import open_stage
from shared.runner import run_service
from tests.support.breakable_services.engine import break_one

if __name__ == "__main__":
    break_one(ENGINES, "inswapper", "swap")
    run_service("faceswap", open_stage)
