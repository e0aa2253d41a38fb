"""A visitor who says nothing, and a voice that is gone in the middle of a line: the visit does not fall silent for good."""

from services.session.conductor import Conductor
from services.session.config import SessionConfig
from services.session.effects import Publish
from services.session.numbering import OUR_STREAMS, Numbering
from shared.audio import VOICE_HZ
from shared.events import LineWanted, SessionOpened, SpeechChunk, SpeechEnded
from shared.streams import StreamId
from tests.support.play_files import shipped

TICK_S = 0.05
LINE_S = 2.0


def asked_for(gone_until: float, until: float) -> list[tuple[float, str]]:
    """Lines and when they were wanted. The voice says half of the first, and nothing more until it is back."""
    opened = SessionOpened(session="v", kiosk="k", language="en", script="short", at=0.0)
    tails = dict.fromkeys(OUR_STREAMS, StreamId(0, 0))
    conductor = Conductor(shipped("short"), opened, SessionConfig(), numbering=Numbering(tails), epoch=0, turn=0)
    conductor.begin(0.0)
    wanted: list[tuple[float, str]] = []
    now = 0.0
    while now < until and not conductor.ended:
        for event in [one.event for one in conductor.take() if isinstance(one, Publish)]:
            if isinstance(event, LineWanted):
                wanted.append((now, event.line))
                if len(wanted) == 1 or now >= gone_until:
                    speak(conductor, event, now, is_whole=now >= gone_until)
        now += TICK_S
        conductor.tick(now)
    return wanted


def speak(conductor: Conductor, wanted: LineWanted, now: float, *, is_whole: bool) -> None:
    samples = round(LINE_S * VOICE_HZ) // (1 if is_whole else 2)
    chunk = SpeechChunk(turn=wanted.turn, from_sample=0, pcm=bytes(2 * samples), text=wanted.text)
    conductor.hear(chunk, now)
    if is_whole:
        conductor.hear(SpeechEnded(turn=wanted.turn, samples=samples), now)


def test_a_line_that_broke_off_is_said_again_when_the_voice_is_back() -> None:
    lines = asked_for(gone_until=7.5, until=20.0)
    assert [line for _, line in lines][:2] == ["disclose", "disclose"]


def test_lines_go_on_after_a_voice_that_was_gone_for_long() -> None:
    lines = asked_for(gone_until=15.0, until=40.0)
    assert [line for at, line in lines if at > 15.0]
