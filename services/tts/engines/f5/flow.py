"""From noise to a spectrogram, step by step: the straight-line solution that CFM.sample computes, with room between steps."""

from collections.abc import Iterator

import torch

from services.tts.engines.f5.mel import BANDS
from services.tts.engines.f5.velocity import Velocity, Wish


def noise(frames: int, seed: int) -> torch.Tensor:
    """Where a clause starts from: float32 on the CPU, shape (1, frames, BANDS), the same on every machine."""
    return torch.randn(frames, BANDS, generator=torch.Generator().manual_seed(seed))[None]


def flow(
    velocity: Velocity, wish: Wish, start: torch.Tensor, at: torch.Tensor, embedded: torch.Tensor
) -> Iterator[torch.Tensor]:
    """The spectrogram after each step, the last being the speech; nothing is computed unless the next is asked for.

    Args:
        velocity: The network.
        wish: What is to be said, and in whose voice.
        start: Noise, shape (1, frames, BANDS), on the network's device. Kept in float32: halves add up badly.
        at: Instants, float32, shape (steps + 1,).
        embedded: The same, embedded, shape (steps + 1, dim).
    """
    x = start
    for step in range(len(at) - 1):
        speed = velocity(x.to(wish.known.dtype), wish, embedded[step : step + 1])
        x = _moved(x, speed, float(at[step + 1] - at[step]))
        yield x


@torch.inference_mode()
def _moved(x: torch.Tensor, speed: torch.Tensor, span: float) -> torch.Tensor:
    return x + span * speed.to(x.dtype)
