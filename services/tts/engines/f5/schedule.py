"""The instants of the flow from noise (0) to speech (1)."""

import torch

_UNIT = 1.0 / 32.0

_PRUNED: dict[int, tuple[int, ...]] = {
    5: (0, 2, 4, 8, 16, 32),
    6: (0, 2, 4, 6, 8, 16, 32),
    7: (0, 2, 4, 6, 8, 16, 24, 32),
    10: (0, 2, 4, 6, 8, 12, 16, 20, 24, 28, 32),
    12: (0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32),
    16: (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32),
}
"""In 32nds. Empirically pruned step sampling (Zheng et al. 2025): dense at the beginning, where the flow bends most.
Seven steps spread evenly make babble; these seven are as good as 32 to the ear."""


def instants(steps: int) -> torch.Tensor:
    """When each step begins, and 1 at last: float32, shape (steps + 1,), rising.

    Sway sampling with coefficient -1 on top: t becomes 1 - cos(pi t / 2), which leans further to the beginning.
    """
    grid = _PRUNED.get(steps)
    at = torch.linspace(0.0, 1.0, steps + 1) if grid is None else _UNIT * torch.tensor(grid, dtype=torch.float32)
    return at - (
        torch.cos(torch.pi / 2 * at) - 1 + at
    )  # in this order, so that it is bit for bit what training code does
