"""A stage that does nothing, under the name of one that every mirror has for itself."""

from typing import Any, ClassVar

from tests.support.rig_fake_services.idle import IdleStage


class FaceStage(IdleStage):
    """As idle as the other."""

    name: ClassVar[str] = "faceswap"


def open_stage(settings: dict[str, Any]) -> FaceStage:
    return FaceStage()


if __name__ == "__main__":
    from shared.process import run_service

    run_service(FaceStage.name, open_stage)
