"""F5 on tiny random weights, written anew for each run of the tests: the real classes and the real loader, noise for a voice.

`python -m tests.support.tts_f5 FOLDER` writes such a folder, for `--set model=FOLDER`.
"""

import atexit
import functools
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import torch

from services.tts.engines.f5.engine import F5
from services.tts.engines.f5.loading import Loaded, load
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.random_weights import write_random_weights
from services.tts.engines.f5.velocity import Network, Wish
from services.tts.engines.f5.vocoder import Vocos
from services.tts.engines.tone import Options as ToneOptions
from services.tts.engines.tone import Tone


@functools.cache
def tiny_folder() -> Path:
    """The weights of this run of the tests; gone at its end."""
    folder = Path(tempfile.mkdtemp(prefix="tiny-f5-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_random_weights(folder)


def tiny_options() -> dict[str, object]:
    """Settings of the engine on them. The host hums: the tests of the stock voice need not be paid twice."""
    return {"model": str(tiny_folder()), "device": "cpu", "host_from": "tone", "read_along": False}


ChangeVelocity = Callable[[torch.Tensor, torch.Tensor, Wish], torch.Tensor]
"""Velocity, where it was taken, and what was asked -> what the network is made to say."""
ChangeSound = Callable[[torch.Tensor], torch.Tensor]


class Fault:
    """Something that goes wrong from now on, or nothing."""

    def __init__(self) -> None:
        self.velocity: ChangeVelocity | None = None
        self.sound: ChangeSound | None = None

    def model(self, options: Options) -> Loaded:
        """The model, with this built in."""
        loaded = load(options)
        return msgspec.structs.replace(
            loaded, network=FaultyNetwork(loaded.network, self), vocos=FaultyVocos(loaded.vocos, self)
        )


class FaultyNetwork(Network):
    def __init__(self, network: Network, fault: Fault) -> None:
        self.__dict__.update(network.__dict__)
        self._fault = fault

    def __call__(self, x: torch.Tensor, wish: Wish, instant: torch.Tensor) -> torch.Tensor:
        speed = super().__call__(x, wish, instant)
        return self._fault.velocity(speed, x, wish) if self._fault.velocity else speed


class FaultyVocos(Vocos):
    def __init__(self, vocos: Vocos, fault: Fault) -> None:
        super().__init__(vocos.backbone, vocos.head)
        self._fault = fault

    def sound(self, frames: torch.Tensor) -> torch.Tensor:
        made = super().sound(frames)
        return self._fault.sound(made) if self._fault.sound else made


def tiny_f5(fault: Fault | None = None, **more: object) -> F5:
    """The engine on tiny weights, not yet warm."""
    options = msgspec.convert({**tiny_options(), **more}, Options)
    return F5(options, lambda _name: Tone(ToneOptions()), fault.model if fault else load)


if __name__ == "__main__":
    print(write_random_weights(Path(sys.argv[1])))
