"""A visit that another process goes on with: what became of the line that was at the loudspeaker."""

import msgspec

from services.session import director
from services.session.conductor import Conductor
from services.session.config import SessionConfig
from services.session.effects import Publish
from services.session.numbering import OUR_STREAMS, Numbering
from services.session.play_events import SayLine, TakenUp, Tick, Told, VisitBegan
from shared.events import LineWanted, PlayTold, SessionOpened
from shared.streams import StreamId
from tests.support.play_files import shipped
from tests.support.play_stage import StageByHand

LONG_S = 30.0
"""Longer than any line is waited for."""


def test_its_line_is_waited_for_anew_and_then_given_up() -> None:
    stage = StageByHand()
    stage.is_loudspeaker_on = False
    stage.tell(VisitBegan(language="en"))
    (line,) = [order.line for order in stage.all(SayLine)]
    stage.now += LONG_S
    stage.tell(TakenUp())
    assert director.waits_for(stage.state, line)
    assert len(stage.all(SayLine)) == 1
    stage.now += LONG_S
    stage.tell(Tick())
    assert not director.waits_for(stage.state, line)


def wanted_after(*log: tuple[float, Told]) -> list[str]:
    """The lines that are asked for at once by who takes up a visit with this log, a second after its end."""
    opened = SessionOpened(session="v", kiosk="k", language="en", script="short", at=0.0)
    tails = dict.fromkeys(OUR_STREAMS, StreamId(0, 0))
    conductor = Conductor(shipped("short"), opened, SessionConfig(), numbering=Numbering(tails), epoch=0, turn=0)
    told = [PlayTold(told=msgspec.msgpack.encode(one), now=at) for at, one in log]
    conductor.recover(told, [], None, log[-1][0] + 1.0)
    published = [one.event for one in conductor.take() if isinstance(one, Publish)]
    return [event.line for event in published if isinstance(event, LineWanted)]


def test_a_line_that_the_play_still_waits_for_is_asked_for_again() -> None:
    assert wanted_after((0.0, VisitBegan(language="en"))) == ["disclose"]


def test_a_line_that_the_play_gave_up_is_not() -> None:
    assert "disclose" not in wanted_after((0.0, VisitBegan(language="en")), (LONG_S, Tick()))
