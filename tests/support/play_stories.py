"""Anything that can be told, in any order: for the properties that hold whatever happens."""

from hypothesis import strategies as st

from services.session.play_events import (
    AnyTold,
    Captured,
    CaptureRefused,
    LineDone,
    LineMeasured,
    OperatorSaid,
    ReplyDone,
    SignalGiven,
    StageDown,
    StageUp,
    Tick,
    UtteranceHeard,
    VisitBegan,
    VisitorLeft,
    VisitorSpeaking,
)

_WHAT = st.sampled_from(["face", "voice"])
_STAGE = st.sampled_from(["asr", "llm", "tts", "a2f_bridge", "faceswap"])
_UTTERANCE = st.integers(0, 12)
_SECONDS = st.floats(0, 30)


def tolds(lines: list[str], signals: list[str], *, with_ends: bool = True) -> st.SearchStrategy[AnyTold]:
    """One event. Without `with_ends`, nothing that ends a visit early: nobody leaves, refuses or presses anything."""
    line = st.sampled_from(lines)
    other = ["", "off_topic", "dictation", "second_person", "language"]
    kinds: list[st.SearchStrategy[AnyTold]] = [
        st.just(Tick()),
        st.builds(LineMeasured, line=line, seconds=st.floats(0.1, 12)),
        st.builds(LineDone, line=line, was_cut=st.booleans(), failed=st.booleans()),
        st.builds(ReplyDone, said=st.sampled_from(["", "So."]), was_cut=st.booleans(), failed=st.booleans()),
        st.builds(VisitorSpeaking, is_speaking=st.booleans()),
        st.builds(UtteranceHeard, utterance=_UTTERANCE, text=st.sampled_from(["yes", "no", "marmalade"]), speech_s=_SECONDS),
        st.builds(
            SignalGiven,
            utterance=_UTTERANCE,
            name=st.sampled_from(["", *signals, *(["declined", "withdrawn"] if with_ends else [])]),
            other=st.sampled_from([*other, *(["refusal", "unsafe"] if with_ends else [])]),
        ),
        st.builds(Captured, what=_WHAT),
        st.builds(CaptureRefused, what=_WHAT, reason=st.sampled_from(["too_little", "too_dark", "no_camera", "never heard of"])),
        st.builds(StageDown, stage=_STAGE),
        st.builds(StageUp, stage=_STAGE),
    ]  # fmt: skip
    if with_ends:
        kinds += [
            st.builds(VisitBegan, language=st.sampled_from(["en", "nl", "xx"])),
            st.just(VisitorLeft()),
            st.builds(OperatorSaid, action=st.sampled_from(["hold", "resume", "skip", "stop", "dance"])),
        ]
    return st.one_of(kinds)


def stories(told: st.SearchStrategy[AnyTold], longest: int = 60) -> st.SearchStrategy[list[tuple[float, AnyTold]]]:
    """(seconds since the event before, event)."""
    return st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.4, 1.0, 3.0, 9.0]), told), max_size=longest)
