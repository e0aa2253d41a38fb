"""Beginning a visit, or taking it up where another process left it: all that is known of it lies in its own streams."""

from services.session.conductor import Conductor
from services.session.config import SessionConfig
from services.session.left_sounding import Streams, sounding
from services.session.numbering import OUR_STREAMS, Numbering
from services.session.play import Play
from shared import events as ev
from shared.outlet import LeasedOutlet


async def begun(
    play: Play, opened: ev.SessionOpened, config: SessionConfig, outlet: LeasedOutlet, now: float
) -> Conductor:
    """A visit nobody had before."""
    conductor = await _conductor(play, opened, config, outlet, epoch=0)
    conductor.begin(now)
    return conductor


async def taken_up(
    play: Play, opened: ev.SessionOpened, config: SessionConfig, outlet: LeasedOutlet, now: float
) -> Conductor:
    """A visit that another process began: its director is told again what it was told."""
    control = await outlet.recall("control")
    epoch = max((event.epoch for event in control if isinstance(event, ev.EpochAdvanced)), default=0)
    conductor = await _conductor(play, opened, config, outlet, epoch)
    told = [event for event in await outlet.recall("play") if isinstance(event, ev.PlayTold)]
    streams = {name: await outlet.recall(name) for name in ("lines", "requests", "voice", "playback")}
    heard = [event for event in streams["playback"] if isinstance(event, ev.TurnHeard)]
    conductor.recover(told, heard, sounding(Streams(control=control, **streams)), now)
    return conductor


async def _conductor(
    play: Play, opened: ev.SessionOpened, config: SessionConfig, outlet: LeasedOutlet, epoch: int
) -> Conductor:
    tails = {name: await outlet.tail(name) for name in OUR_STREAMS}
    turn = max(tails["requests"].turn, tails["lines"].turn)
    return Conductor(play, opened, config, numbering=Numbering(tails), epoch=epoch, turn=turn)
