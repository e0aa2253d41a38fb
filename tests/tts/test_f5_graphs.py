"""Recordings of the network are checked against the plain run before they are used: tried here with recorders that go wrong."""

import importlib.util
from collections.abc import Callable

import pytest

if not all(importlib.util.find_spec(name) for name in ("f5_tts", "vocos", "torch", "x_transformers")):
    pytest.skip("f5-tts, vocos, torch, x-transformers", allow_module_level=True)

import torch

from services.tts.engines.f5.graphs import BUCKET, Body, Graphs, bucketed
from services.tts.engines.f5.loading import load
from services.tts.engines.f5.mel import BANDS
from services.tts.engines.f5.options import Options
from services.tts.engines.f5.velocity import Network, Wish
from tests.support.tts_f5 import tiny_folder

pytestmark = pytest.mark.engine

FRAMES = 128
Recorded = tuple[Callable[[], None], torch.Tensor]


@pytest.fixture(scope="module")
def network() -> Network:
    return load(Options(model=str(tiny_folder()), device="cpu")).network


def faithful(body: Body) -> Recorded:
    """As a GPU would: nothing but what lies in the buffers at the time of a replay counts."""
    made = body().clone()
    return lambda: made.copy_(body()), made  # type: ignore[return-value]


def stuck(body: Body) -> Recorded:
    """Holds for ever what was computed while it was recorded."""
    made = body().clone()
    return lambda: None, made


def not_a_number(body: Body) -> Recorded:
    made = body().clone()
    return lambda: made.fill_(float("nan")), made  # type: ignore[return-value]


def a_little_off(body: Body) -> Recorded:
    made = body().clone()
    return lambda: made.copy_(body() * 1.05), made  # type: ignore[return-value]


def out_of_memory(body: Body) -> Recorded:
    raise torch.OutOfMemoryError("CUDA out of memory")


def asked(network: Network, frames: int, seed: int) -> tuple[torch.Tensor, Wish, torch.Tensor]:
    source = torch.Generator().manual_seed(seed)

    def some(width: int) -> torch.Tensor:
        return torch.randn(1, frames, width, generator=source)

    wish = Wish(some(BANDS), some(network.text_dim), some(network.text_dim))
    return some(BANDS), wish, torch.randn(1, network.dim, generator=source)


def test_what_replays_faithfully_is_used(network: Network) -> None:
    graphs = Graphs(network, faithful)
    assert list(graphs.record([FRAMES, 2 * FRAMES])) == [2 * FRAMES, FRAMES]
    assert graphs.recorded == (FRAMES, 2 * FRAMES)
    first, second = asked(network, FRAMES, 7), asked(network, FRAMES, 8)
    assert torch.equal(graphs(*first), network(*first))
    assert torch.equal(graphs(*second), network(*second))


def test_what_was_made_is_not_overwritten_by_the_next_replay(network: Network) -> None:
    graphs = Graphs(network, faithful)
    list(graphs.record([FRAMES]))
    first = graphs(*asked(network, FRAMES, 7))
    kept = first.clone()
    graphs(*asked(network, FRAMES, 8))
    assert torch.equal(first, kept)


@pytest.mark.parametrize("recorder", [stuck, not_a_number, a_little_off, out_of_memory])
def test_what_does_not_replay_faithfully_is_run_plainly(network: Network, recorder: Callable[[Body], Recorded]) -> None:
    graphs = Graphs(network, recorder)
    list(graphs.record([FRAMES]))
    assert graphs.recorded == ()
    assert graphs.refused[FRAMES]
    wanted = asked(network, FRAMES, 7)
    assert torch.equal(graphs(*wanted), network(*wanted))


def test_a_length_without_a_recording_is_run_plainly(network: Network) -> None:
    graphs = Graphs(network, faithful)
    list(graphs.record([FRAMES]))
    wanted = asked(network, FRAMES + 1, 7)
    assert torch.equal(graphs(*wanted), network(*wanted))


def test_lengths_are_rounded_up_to_what_is_recorded() -> None:
    assert [bucketed(frames) for frames in (1, BUCKET, BUCKET + 1)] == [BUCKET, BUCKET, 2 * BUCKET]
