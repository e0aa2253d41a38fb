"""With an `inswapper` whose network can draw flat pictures."""

import numpy as np

from services.faceswap.arrays import Floats
from services.faceswap.engines import ENGINES
from services.faceswap.engines.inswapper import Inswapper, Options
from services.faceswap.engines.inswapper_choice import Runner
from services.faceswap.engines.inswapper_networks import Networks, Swapper
from services.faceswap.engines.inswapper_open import open_networks
from services.faceswap.stage import open_stage
from shared.process import run_service
from tests.support.breakable_services.engine import flag_of, open_instead


class Flat:
    """A network that draws nothing while the file lies there."""

    def __init__(self, net: Runner) -> None:
        self._net, self._flag = net, flag_of("faceswap")

    def run(self, *inputs: Floats) -> list[Floats]:
        drawn = self._net.run(*inputs)
        return [np.full_like(one, 0.5) for one in drawn] if self._flag.exists() else drawn


def opener(options: Options) -> Networks:
    """The networks, the swapper among them breakable."""
    networks = open_networks(options)
    whole = networks.swapper
    return networks._replace(swapper=Swapper(Flat(whole._net), networks.kind, whole.label))


if __name__ == "__main__":
    open_instead(ENGINES, "inswapper", lambda options, _others: Inswapper(options, opener))
    run_service("faceswap", open_stage)
