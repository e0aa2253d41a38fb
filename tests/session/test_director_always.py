"""What holds whatever is told, in whatever order."""

from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.session import director
from services.session.director_state import AGAIN, PlayState
from services.session.play_events import (
    Answer,
    AnyOrder,
    AnyTold,
    EndVisit,
    SayLine,
    Show,
    StartCapture,
    Tick,
)
from tests.support.play_files import shipped
from tests.support.play_stage import StageByHand
from tests.support.play_stories import stories, tolds

PLAY = shipped("short")
LINES = [*PLAY.lines, *(line + AGAIN for line in PLAY.lines)]
SIGNALS = ["agreed", "reacted"]
TICK_S = 0.1
SCENES = st.sampled_from(["threshold", "look", "waking"])
STORIES = stories(tolds(LINES, SIGNALS))
QUIET_STORIES = stories(tolds(LINES, SIGNALS, with_ends=False), longest=25)

Story = list[tuple[float, AnyTold]]
Log = list[tuple[float, AnyOrder]]
fairly = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@cache
def start(scene: str) -> tuple[PlayState, Log, float]:
    """A visit that has come as far as a scene."""
    stage = StageByHand(PLAY)
    {"threshold": stage.begin, "look": stage.agree, "waking": stage.enrol}[scene]()
    return stage.state, stage.orders, stage.now


def play(scene: str, story: Story) -> tuple[PlayState, Log]:
    """Tell a story from a scene on, then nothing but ticks until well after the end."""
    state, before, now = start(scene)
    log = list(before)

    def tell(told: AnyTold) -> None:
        nonlocal state
        state, orders = director.step(state, told, now)
        log.extend((now, order) for order in orders)

    for after_s, told in [*story, (PLAY.duration_s + 2.0, Tick())]:
        until = min(now + after_s, PLAY.duration_s + 2.0)
        while now + TICK_S < until:
            now += TICK_S
            tell(Tick())
        now = until
        tell(told)
    return state, log


@fairly
@given(SCENES, STORIES)
def test_every_visit_ends_once_within_a_second_of_its_duration(scene: str, story: Story) -> None:
    _, log = play(scene, story)
    ends = [at for at, order in log if isinstance(order, EndVisit)]
    assert len(ends) == 1
    assert ends[0] <= PLAY.duration_s + 1.0


@fairly
@given(SCENES, STORIES)
def test_nothing_is_ordered_after_the_end(scene: str, story: Story) -> None:
    _, log = play(scene, story)
    ends = [index for index, (_, order) in enumerate(log) if isinstance(order, EndVisit)]
    assert ends == [len(log) - 1]


@fairly
@given(SCENES, STORIES)
def test_nothing_is_captured_or_shown_without_consent(scene: str, story: Story) -> None:
    state, log = play(scene, story)
    if "consent" not in state.facts:
        assert not [order for _, order in log if isinstance(order, StartCapture | Show)]
        assert {order.voice for _, order in log if isinstance(order, SayLine)} <= {"host"}


@fairly
@given(SCENES, STORIES)
def test_the_visitors_voice_is_only_used_once_it_was_given(scene: str, story: Story) -> None:
    state, log = play(scene, story)
    if "voice" not in state.facts:
        assert {order.voice for _, order in log if isinstance(order, SayLine)} <= {"host"}


@fairly
@given(SCENES, STORIES)
def test_no_utterance_is_answered_twice_and_no_answer_follows_the_coda(scene: str, story: Story) -> None:
    _, log = play(scene, story)
    answered = [order.utterance for _, order in log if isinstance(order, Answer)]
    assert len(answered) == len(set(answered))


@fairly
@given(SCENES, STORIES)
def test_a_visit_told_again_goes_the_same_way(scene: str, story: Story) -> None:
    assert play(scene, story) == play(scene, story)


@fairly
@given(SCENES, STORIES)
def test_ticks_that_changed_nothing_need_not_be_told_again(scene: str, story: Story) -> None:
    """What the shell keeps of a visit: only what led to a new state or to orders."""
    state, _, now = start(scene)
    again, kept = state, []
    for after_s, told in story:
        for event, wait_s in ((told, after_s), (Tick(), 0.1), (Tick(), 0.7)):
            now += wait_s
            after, orders = director.step(state, event, now)
            if orders or after != state:
                kept.append((now, event))
            state = after
    for at, event in kept:
        again, _ = director.step(again, event, at)
    assert again == state


@fairly
@given(SCENES, QUIET_STORIES)
def test_the_main_coda_is_ordered_to_end_on_time_whoever_disturbs(scene: str, story: Story) -> None:
    state, log = play(scene, story)
    if "consent" in state.facts:
        coda = PLAY.scene(PLAY.coda).must_say
        spoken = [order for _, order in log if isinstance(order, SayLine) and order.line in coda]
        assert [order.line for order in spoken] == list(coda)
        assert state.is_coda_timed
        assert all(0 < order.starts_at < PLAY.duration_s for order in spoken)
