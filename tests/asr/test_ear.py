"""From probabilities to utterances."""

from collections.abc import Callable
from itertools import pairwise

import msgspec

from services.asr import ear as ears
from services.asr.ear import AskTurn, Begin, Drop, Ear, EarSettings, Finish, Order, Partial, Pause, Resume, Scene

SETTINGS = EarSettings(partial_step_s=0.0)
OPEN = Scene()


def never(_: AskTurn) -> float | None:
    return 0.0


def silent(_: AskTurn) -> float | None:
    return None


def always(_: AskTurn) -> float | None:
    return 1.0


def hear(
    probabilities: list[float],
    judge: Callable[[AskTurn], float | None] = never,
    *,
    settings: EarSettings = SETTINGS,
    scene: Scene = OPEN,
    ear: Ear | None = None,
) -> tuple[Ear, list[Order]]:
    ear, seen = ear or Ear(), []
    for frame, p in enumerate(probabilities):
        ear, orders = ears.step(settings, ear, frame, p, scene)
        for order in orders:
            seen.append(order)
            if isinstance(order, AskTurn) and (p_complete := judge(order)) is not None:
                ear, more = ears.opine(settings, ear, order, p_complete, frame=frame, scene=scene)
                seen += more
    return ear, seen


def kinds(orders: list[Order]) -> list[type[Order]]:
    return [type(order) for order in orders]


def the_finish(orders: list[Order]) -> Finish:
    [finish] = [order for order in orders if isinstance(order, Finish)]
    return finish


SPEECH, SILENCE = [0.9] * 20, [0.0] * 60


def test_a_turn_the_model_is_sure_of_ends_after_the_shortest_silence() -> None:
    _, orders = hear([0.0] * 5 + SPEECH + SILENCE, always)
    assert kinds(orders) == [Begin, Pause, AskTurn, Finish]
    assert the_finish(orders).waited_s == 6 * 0.032


def test_a_turn_the_model_is_never_sure_of_ends_after_the_longest_silence() -> None:
    _, orders = hear(SPEECH + SILENCE)
    assert abs(the_finish(orders).waited_s - SETTINGS.patience["open"].max_s) < 0.033


def test_a_scene_that_asked_for_yes_or_no_waits_less() -> None:
    _, orders = hear(SPEECH + SILENCE, scene=Scene(expects="yes_no"))
    assert the_finish(orders).waited_s < 0.53


def test_the_utterance_knows_its_first_and_last_speech() -> None:
    _, orders = hear([0.0] * 5 + SPEECH + SILENCE, always)
    utterance = the_finish(orders).utterance
    assert (utterance.first, utterance.last_speech, utterance.speech_frames) == (5, 24, 20)


def test_a_pause_shorter_than_the_limit_keeps_the_utterance_open() -> None:
    _, orders = hear(SPEECH + [0.0] * 10 + SPEECH + SILENCE)
    assert [kind for kind in kinds(orders) if kind is not AskTurn] == [Begin, Pause, Resume, Pause, Finish]
    assert the_finish(orders).utterance.pause == 2


def test_an_answer_about_a_pause_that_is_over_is_ignored() -> None:
    ear, orders = hear(SPEECH + [0.0] * 8 + SPEECH)
    asked = next(order for order in orders if isinstance(order, AskTurn))
    assert ears.opine(SETTINGS, ear, asked, 1.0, frame=48, scene=OPEN) == (ear, [])


def test_the_end_is_held_back_while_the_newest_frame_may_be_speech() -> None:
    ear, orders = hear(SPEECH + [0.0] * 6 + [0.9], silent)
    asked = next(order for order in orders if isinstance(order, AskTurn))
    ear, ended = ears.opine(SETTINGS, ear, asked, 1.0, frame=26, scene=OPEN)
    assert ended == []
    _, orders = ears.step(SETTINGS, ear, 27, 0.0, OPEN)
    assert kinds(orders) == [Finish]


def test_less_speech_than_a_no_is_dropped_and_the_model_is_not_asked() -> None:
    _, orders = hear([0.9] * 4 + SILENCE)
    assert kinds(orders) == [Begin, Pause, Drop]


def test_speech_soon_after_an_end_joins_it_and_later_speech_does_not() -> None:
    _, orders = hear(SPEECH + [0.0] * 20 + SPEECH + SILENCE + SPEECH + SILENCE, always)
    begun = [order.utterance for order in orders if isinstance(order, Begin)]
    assert [(utterance.number, utterance.joins) for utterance in begun] == [(1, 0), (2, 1), (3, 0)]
    assert begun[1].turn_first == begun[0].first


def test_a_cough_between_does_not_keep_a_turn_from_going_on() -> None:
    settings = msgspec.structs.replace(SETTINGS, join_within_s=3.0)
    cough = [0.9] * 4 + [0.0] * 40
    _, orders = hear(SPEECH + [0.0] * 20 + cough + SPEECH + SILENCE, always, settings=settings)
    assert [order.utterance.joins for order in orders if isinstance(order, Begin)] == [0, 1, 1]


def test_the_next_utterance_begins_behind_the_last_words_of_this_one() -> None:
    _, orders = hear(SPEECH + [0.0] * 12 + SPEECH + SILENCE, always)
    first, second = (order.utterance for order in orders if isinstance(order, Finish))
    assert second.not_before == first.last_speech + 1


def test_a_monologue_is_cut_where_it_is_quietest() -> None:
    settings = msgspec.structs.replace(SETTINGS, max_turn_s=4.0)
    probabilities = [0.9] * 100 + [0.4] + [0.9] * 100
    _, orders = hear(probabilities, settings=settings)
    finish = the_finish(orders)
    assert finish.is_cut
    assert finish.utterance.last_speech == 100
    assert isinstance(orders[-1], Begin)
    assert (orders[-1].utterance.first, orders[-1].utterance.joins) == (101, 1)


def test_after_twelve_seconds_a_shorter_silence_ends_the_turn() -> None:
    _, orders = hear([0.9] * 400 + SILENCE)
    assert the_finish(orders).waited_s < 0.65


def test_partials_come_while_there_is_speech_and_not_in_silence() -> None:
    settings = EarSettings(partial_first_s=0.35, partial_step_s=0.45)
    _, orders = hear(SPEECH * 3 + SILENCE, settings=settings)
    frames = [order.frame for order in orders if isinstance(order, Partial)]
    assert frames
    assert frames[0] <= 12
    assert frames[-1] < 60
    assert all(later - sooner >= 14 for sooner, later in pairwise(frames))


def test_no_more_sound_ends_what_is_going_on() -> None:
    ear, _ = hear(SPEECH)
    ear, orders = ears.finish_now(SETTINGS, ear, 19)
    assert kinds(orders) == [Finish]
    assert ears.finish_now(SETTINGS, ear, 19) == (ear, [])


def test_the_same_sound_gives_the_same_orders() -> None:
    sound = SPEECH + [0.0] * 8 + SPEECH + SILENCE
    assert hear(sound)[1] == hear(sound)[1]
