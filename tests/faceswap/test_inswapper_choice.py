"""A faster way to run the network is taken only if it draws what the plain one draws."""

from collections.abc import Callable

import numpy as np
import pytest

from services.faceswap.arrays import Floats, floats
from services.faceswap.engines.inswapper_choice import choose, faster_ways, probes_for
from services.faceswap.engines.inswapper_runtime import CPU, CUDA, TENSORRT, OutOfMemory, Way
from shared.errors import EngineFailed, EngineUnavailable

PLAIN = Way(device=CUDA)
FAST = Way(device=CUDA, is_graph=True)
PROBES = probes_for(16, 8)


class Clock:
    """Each network moves it on by as long as it takes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Drawing:
    """A network: what it draws of a picture and a latent, in how many seconds."""

    def __init__(self, clock: Clock, draw: Callable[[Floats, Floats], Floats], seconds: float = 0.001) -> None:
        self.clock, self.draw, self.seconds = clock, draw, seconds

    def run(self, *inputs: Floats) -> list[Floats]:
        self.clock.now += self.seconds
        return [self.draw(*inputs)]


def right(picture: Floats, latent: Floats) -> Floats:
    return floats(picture * 0.5 + latent[0, 0])


class Stale:
    """A recorded graph whose inputs moved: it draws the first picture for ever."""

    def __init__(self) -> None:
        self.first: Floats | None = None

    def __call__(self, picture: Floats, latent: Floats) -> Floats:
        if self.first is None:
            self.first = right(picture, latent)
        return self.first


def chosen(draw: Callable[[Floats, Floats], Floats], seconds: float = 0.001) -> tuple[Way, tuple[str, ...]]:
    clock = Clock()
    ways = {"plain": Drawing(clock, right, 0.004), "fast": Drawing(clock, draw, seconds)}
    found = choose(PLAIN, [FAST], lambda way: ways["fast" if way.is_graph else "plain"], PROBES, clock)
    return found.way, found.refused


def test_a_faster_way_that_draws_the_same_is_taken() -> None:
    assert chosen(right) == (FAST, ())


def test_a_little_noise_of_shorter_numbers_is_allowed() -> None:
    assert chosen(lambda picture, latent: right(picture, latent).astype(np.float16).astype(np.float32))[0] == FAST


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda picture, latent: np.full_like(picture, np.nan), "numbers that are none"),
        (lambda picture, latent: np.zeros_like(picture), "another picture"),
        (lambda picture, latent: right(picture, latent)[:, :, ::-1], "another picture"),
        (lambda picture, latent: right(picture, latent)[:, :, :8], "another picture"),
        (Stale(), "another picture"),
    ],
    ids=["nan", "black", "upside down", "smaller", "stale graph"],
)
def test_a_faster_way_that_draws_something_else_is_refused_with_the_reason(
    draw: Callable[[Floats, Floats], Floats], said: str
) -> None:
    way, refused = chosen(draw)
    assert way == PLAIN
    assert said in refused[0]
    assert refused[0].startswith("cuda, graph: ")


def test_a_way_that_is_no_faster_is_refused() -> None:
    way, refused = chosen(right, seconds=0.01)
    assert way == PLAIN
    assert "slower (10.0 ms) than the plain way (4.0 ms)" in refused[0]


@pytest.mark.parametrize("error", [EngineUnavailable("no such file"), EngineFailed("kernel"), OutOfMemory("memory")])
def test_a_way_that_breaks_is_refused_and_the_next_is_tried(error: Exception) -> None:
    clock = Clock()
    trt = Way(device=TENSORRT)

    def open_way(way: Way) -> Drawing:
        if way == trt:
            raise error
        return Drawing(clock, right, 0.002 if way.is_graph else 0.004)

    found = choose(PLAIN, [trt, FAST], open_way, PROBES, clock)
    assert found.way == FAST
    assert found.refused == (f"tensorrt: {error}",)


def test_without_a_faster_way_nothing_is_drawn_to_compare() -> None:
    clock = Clock()
    assert choose(PLAIN, [], lambda way: Drawing(clock, right), PROBES, clock).way == PLAIN
    assert clock.now == 0.0


def test_nothing_is_tried_on_a_cpu_and_everything_asked_for_on_a_gpu() -> None:
    options = {"gpu_mem_limit": "1", "trt_engine_cache_path": "x"}
    assert faster_ways(CPU, graph=True, tensorrt=True, half=True, options=options) == []
    ways = faster_ways(CUDA, graph=True, tensorrt=True, half=True, options=options)
    assert [way.label for way in ways] == ["tensorrt, graph, fp16", "cuda, graph, fp16", "cuda, graph"]
    assert dict(ways[0].options) == {"trt_engine_cache_path": "x"}
    assert dict(ways[2].options) == {"gpu_mem_limit": "1"}
    assert faster_ways(CUDA, graph=False, tensorrt=False, half=False, options=options) == []


def test_the_probes_differ_in_picture_and_person() -> None:
    (one, person), (other, somebody) = PROBES
    assert one.shape == (1, 3, 16, 16)
    assert float(np.abs(one - other).mean()) > 0.1
    assert float(np.abs(person - somebody).mean()) > 0.1
