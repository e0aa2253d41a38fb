"""What the presenter does while the kiosk is away, and when it is back."""

from services.session.config import TurnConfig
from services.session.effects import Effect, Send
from services.session.presenter import Presenter
from services.session.speech import Speech
from shared.events import SpeechChunk
from shared.kiosk_wire import Speech as SpeechMessage

TURN = 4


def speaking() -> tuple[Presenter, list[Effect]]:
    """A second of speech, let out at 100 s."""
    out: list[Effect] = []
    presenter = Presenter(TurnConfig(lead_s=0.1), out)
    speech = Speech(turn=TURN, kind="line", is_committed=True, total=24_000)
    for start in range(0, 24_000, 2_400):
        speech.take(SpeechChunk(turn=TURN, from_sample=start, pcm=bytes(4_800)))
    presenter.release(speech, 100.0)
    out.clear()
    return presenter, out


def sent(out: list[Effect]) -> list[SpeechMessage]:
    return [effect.message for effect in out if isinstance(effect, Send) and isinstance(effect.message, SpeechMessage)]


def test_a_turn_is_not_over_while_nobody_can_hear_it() -> None:
    presenter, _ = speaking()
    presenter.is_away = True
    assert not presenter.is_overdue(200.0)


def test_a_kiosk_that_is_back_is_given_what_it_has_not_sounded() -> None:
    presenter, out = speaking()
    presenter.is_away = True
    assert not presenter.take_up(TURN, 12_100, 105.0)
    messages = sent(out)
    assert (messages[0].from_sample, messages[0].restart, messages[0].due) == (12_000, True, 105.1)
    assert sum(len(message.pcm) // 2 for message in messages) == 12_000


def test_a_kiosk_that_knows_nothing_of_the_turn_goes_on_from_its_last_report() -> None:
    presenter, out = speaking()
    presenter.is_away = True
    presenter.take_up(0, 0, 105.0)
    assert sent(out)[0].from_sample == 0


def test_a_turn_that_the_kiosk_has_sounded_whole_is_over() -> None:
    presenter, out = speaking()
    presenter.is_away = True
    assert presenter.take_up(TURN, 24_000, 105.0)
    assert sent(out) == []
