"""The memory of the last seconds of sound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.asr.ear import Utterance
from services.asr.utterance import POST_ROLL, PRE_ROLL, SoundMemory, as_float, speech_span, turn_span
from services.asr.vad import FRAME


def counting(first: int, n: int) -> np.ndarray:
    return (np.arange(first, first + n) % 30_000 + 1).astype(np.int16)


@given(st.lists(st.integers(1, 900), min_size=1, max_size=20), st.integers(0, 5000), st.integers(0, 2000))
def test_what_is_still_held_comes_back_as_it_was(sizes: list[int], first: int, length: int) -> None:
    memory = SoundMemory(0.1)  # 1,600 samples
    for size in sizes:
        memory.append(memory.end, counting(memory.end, size))
    span = memory.span(first, first + length)
    begin = max(first, memory.end - 1600)
    assert span.tolist() == counting(begin, max(0, min(first + length, memory.end) - begin)).tolist()


def test_a_hole_is_silence() -> None:
    memory = SoundMemory(1.0)
    memory.append(0, counting(0, 100))
    memory.append(150, counting(150, 50))
    assert not memory.span(100, 150).any()
    assert memory.span(150, 200).tolist() == counting(150, 50).tolist()


def test_sound_from_before_the_beginning_is_not_there() -> None:
    memory = SoundMemory(1.0)
    memory.start_at(1000)
    memory.append(1000, counting(1000, 100))
    assert memory.span(0, 5000).size == 100


def test_forgetting_leaves_nothing() -> None:
    memory = SoundMemory(1.0)
    memory.append(0, counting(0, 1000))
    memory.forget()
    assert memory.span(0, 1000).size == 0
    assert not memory._ring.any()


def test_an_utterance_is_decoded_with_the_room_before_it_but_not_with_the_words_before_it() -> None:
    far = Utterance(number=1, first=100, turn_first=100, last_speech=120)
    near = Utterance(number=2, first=100, turn_first=80, last_speech=120, not_before=96)
    assert speech_span(far) == (100 * FRAME - PRE_ROLL, 121 * FRAME + POST_ROLL)
    assert speech_span(near)[0] == 96 * FRAME
    assert speech_span(far, is_cut=True)[1] == 121 * FRAME


def test_the_turn_begins_where_the_utterance_it_continues_began() -> None:
    utterance = Utterance(number=2, first=100, turn_first=50, last_speech=120, not_before=96)
    assert turn_span(utterance, 127) == (50 * FRAME - PRE_ROLL, 128 * FRAME)


def test_full_scale_is_one() -> None:
    assert as_float(np.array([-32768, 0, 16384], np.int16)).tolist() == [-1.0, 0.0, 0.5]
