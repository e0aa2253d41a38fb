"""The network's thousand small kernels as one recorded piece a length (CUDA graphs), used only where it proves equal.

A recording replays fixed addresses, so each length has its own buffers: what a step needs is copied in, what it made is copied
out, and clauses may take turns. Lengths are multiples of BUCKET; the slack is silence behind the reference, because at batch
one there is no mask, and padding at the end would be spoken.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import torch

from services.tts.engines.f5.mel import BANDS
from services.tts.engines.f5.velocity import Network, Wish

LOG = logging.getLogger(__name__)

BUCKET = 32
"""Frames: 0.34 s at most is padded."""

_TOLERANCE = 2e-2
"""Of the greatest value: half precision sums in another order; a recording gone wrong is off by all of it."""

Body = Callable[[], torch.Tensor]
Capture = Callable[[Body], tuple[Callable[[], None], torch.Tensor]]
"""Records a body; gives what replays it and the tensor that then holds the result."""


def bucketed(frames: int) -> int:
    """The next length that may have a recording."""
    return -(-frames // BUCKET) * BUCKET


class _Recording(msgspec.Struct, frozen=True):
    x: torch.Tensor
    wish: Wish
    instant: torch.Tensor
    replay: Callable[[], None]
    made: torch.Tensor


class Graphs:
    """A Velocity that replays where it can and runs plainly where it cannot. For one thread at a time."""

    def __init__(self, network: Network, capture: Capture) -> None:
        self._network = network
        self._capture = capture
        self._recordings: dict[int, _Recording] = {}
        self.refused: dict[int, str] = {}
        """Lengths that are run plainly, and why."""

    def record(self, lengths: Iterable[int]) -> Iterable[int]:
        """Make and check a recording of each length, the longest first (they share memory); yields what is done."""
        for frames in sorted(set(lengths), reverse=True):
            self._record(frames)
            yield frames

    @property
    def recorded(self) -> tuple[int, ...]:
        """Lengths that are replayed."""
        return tuple(sorted(self._recordings))

    def __call__(self, x: torch.Tensor, wish: Wish, instant: torch.Tensor) -> torch.Tensor:
        """See Velocity."""
        recording = self._recordings.get(wish.frames)
        return self._network(x, wish, instant) if recording is None else _replayed(recording, x, wish, instant)

    @torch.inference_mode()
    def _record(self, frames: int) -> None:
        network = self._network
        wish = Wish(
            self._blank(frames, BANDS), self._blank(frames, network.text_dim), self._blank(frames, network.text_dim)
        )
        x, instant = self._blank(frames, BANDS), torch.zeros(1, network.dim, device=network.device, dtype=network.dtype)
        try:
            replay, made = self._capture(lambda: network(x, wish, instant))
            recording = _Recording(x, wish, instant, replay, made)
            fault = self._fault(recording)
        except RuntimeError as error:  # torch's own, out of memory included
            fault = f"cannot be recorded ({type(error).__name__})"
        if fault:
            self.refused[frames] = fault
            LOG.warning("a length is run without its graph", extra={"stage": "tts", "frames": frames, "error": fault})
        else:
            self._recordings[frames] = recording

    def _fault(self, recording: _Recording) -> str:
        """Two different inputs, replayed and run plainly; empty if both agree. One alone would not tell a stuck recording."""
        for seed in (1, 2):
            x, wish, instant = self._random(recording, seed)
            plain = self._network(x, wish, instant).float()
            replayed = _replayed(recording, x, wish, instant).float()
            off = float((plain - replayed).abs().max() / plain.abs().max().clamp(min=1e-6))
            if not off <= _TOLERANCE:  # also where it is not a number
                return f"replayed, it differs from the plain run by {off:.2g} of its greatest value"
        return ""

    def _random(self, like: _Recording, seed: int) -> tuple[torch.Tensor, Wish, torch.Tensor]:
        source = torch.Generator().manual_seed(seed)

        def one(tensor: torch.Tensor) -> torch.Tensor:
            return torch.randn(tensor.shape, generator=source).to(tensor)

        wish = Wish(one(like.wish.known), one(like.wish.text), one(like.wish.no_text))
        return one(like.x), wish, one(like.instant)

    def _blank(self, frames: int, width: int) -> torch.Tensor:
        return torch.zeros(1, frames, width, device=self._network.device, dtype=self._network.dtype)


@torch.inference_mode()
def _replayed(recording: _Recording, x: torch.Tensor, wish: Wish, instant: torch.Tensor) -> torch.Tensor:
    recording.x.copy_(x)
    recording.wish.known.copy_(wish.known)
    recording.wish.text.copy_(wish.text)
    recording.wish.no_text.copy_(wish.no_text)
    recording.instant.copy_(instant)
    recording.replay()
    return recording.made.clone()


def cuda_capture() -> Capture:
    """Records on the current GPU; all recordings share one pool of memory, since only one runs at a time."""
    pool: Any = torch.cuda.graph_pool_handle()

    def capture(body: Body) -> tuple[Callable[[], None], torch.Tensor]:
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch declares none
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(2):  # libraries choose their kernels in the first runs, which must not be recorded
                body()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        # thread_local: another thread that touches the GPU meanwhile does not spoil the recording.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            made = body()
        return graph.replay, made

    return capture
