"""Something else that works the machine while the swap is measured: `python -m services.faceswap.second_load DEVICE`.

On the rig Unreal renders beside the swap; a graphics card shares its time, not its units, so that a busy neighbour costs more
than its share. On a CPU one core is kept busy.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shared.errors import EngineFailed, EngineUnavailable


@contextmanager
def second_load(device: str) -> Iterator[None]:
    """While it is open, another process keeps `device` (cpu or cuda) busy. It has begun when the block is entered.

    Raises:
        EngineUnavailable: It could not begin, as on a GPU without room for a second network: nothing would be beside.
    """
    command = [sys.executable, "-m", "services.faceswap.second_load", device]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        if not child.stdout.readline():
            raise EngineUnavailable(
                f"faceswap: the second load on the {device} did not begin; its own words stand above"
            )
        yield
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _work(device: str) -> None:
    if device == "cpu":
        matrix = np.ones((256, 256), np.float32)
        _tell_that_it_began()
        while True:
            matrix = np.sqrt(matrix + 1)
    # Its own process: the network is made anew, and nothing of the measured one is shared.
    from services.faceswap.engines.inswapper_random import random_inputs, write_random_swapper
    from services.faceswap.engines.inswapper_runtime import Net, Way, available

    if device not in available():  # before half a gigabyte is written
        raise EngineUnavailable(f"faceswap: this onnxruntime knows no {device}")
    with tempfile.TemporaryDirectory(prefix="mirror-load-") as folder:
        path = write_random_swapper(Path(folder) / "inswapper_128.onnx")
        net = Net(path, [(1, 3, 128, 128), (1, 512)], Way(device=device))
    inputs = random_inputs(1)
    net.run(*inputs)
    _tell_that_it_began()
    while True:
        net.run(*inputs)


def _tell_that_it_began() -> None:
    sys.stdout.write("began\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        _work(sys.argv[1])
    except (EngineUnavailable, EngineFailed) as error:
        sys.exit(str(error))
