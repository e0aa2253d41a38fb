import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tts.framing import UNIT, Framer
from shared.audio import VOICE_CHUNK, to_float


def ramp(n: int) -> np.ndarray:
    return (np.arange(n) % 1000 / 2000.0).astype(np.float32)


@given(st.lists(st.integers(0, 7000), max_size=8), st.integers(0, 50))
def test_chunks_do_not_depend_on_how_the_sound_came(sizes: list[int], start: int) -> None:
    sound = ramp(sum(sizes))
    whole, piecewise = Framer(start * UNIT), Framer(start * UNIT)
    at_once = whole.push(sound) + whole.finish()
    cuts = np.cumsum([0, *sizes])
    some = [frame for a, b in itertools.pairwise(cuts) for frame in piecewise.push(sound[a:b])]
    assert some + piecewise.finish() == at_once


@given(st.integers(1, 20_000))
def test_chunks_follow_without_a_gap_in_units_of_10_ms(n: int) -> None:
    framer = Framer(5 * UNIT)
    frames = framer.push(ramp(n)) + framer.finish()
    position = 5 * UNIT
    for frame in frames:
        assert frame.from_sample == position
        assert (len(frame.pcm) // 2) % UNIT == 0
        assert len(frame.pcm) // 2 <= VOICE_CHUNK
        position = frame.end_sample
    assert 0 <= position - 5 * UNIT - n < UNIT


def test_only_the_end_is_padded_and_with_silence() -> None:
    framer = Framer(0)
    frames = framer.push(np.full(VOICE_CHUNK + 10, 0.5, dtype=np.float32)) + framer.finish()
    assert [len(frame.pcm) // 2 for frame in frames] == [VOICE_CHUNK, UNIT]
    assert np.count_nonzero(to_float(frames[1].pcm)) == 10


def test_a_clause_begins_on_a_unit() -> None:
    with pytest.raises(ValueError, match="multiple"):
        Framer(100)
