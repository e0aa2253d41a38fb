"""What the turn machine wants done: the shell publishes, sends and informs, in this order."""

import msgspec

from services.session.play_events import Told
from shared.events import Event
from shared.kiosk_wire import Down


class Publish(msgspec.Struct, frozen=True):
    """Put an event on its stream; the shell fills in epoch, ids of control events, and `at`."""

    event: Event


class Send(msgspec.Struct, frozen=True):
    """Send a message to the kiosk."""

    message: Down


class Inform(msgspec.Struct, frozen=True):
    """Tell the director."""

    told: Told


Effect = Publish | Send | Inform
