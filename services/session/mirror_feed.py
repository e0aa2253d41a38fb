"""The mirror's pictures on their way from the bus to the page: the newest wins."""

import asyncio

from services.session.kiosk_link import KioskLink
from shared.bus import Bus
from shared.errors import BusUnavailable
from shared.events import MirrorFrame, understood
from shared.outlet import RETRY_S, LeasedOutlet
from shared.streams import key


async def feed_mirror(bus: Bus, session: str, outlet: LeasedOutlet, link: KioskLink) -> None:
    """For ever; from the next picture on."""
    name = key(session, "mirror")
    after = await outlet.tail("mirror")
    while True:
        try:
            entries = await bus.read({name: after}, wait_s=0.5)
        except BusUnavailable:
            await asyncio.sleep(RETRY_S)
            continue
        if entries:
            after = entries[-1].id
            frame = understood(entries[-1].payload)
            if isinstance(frame, MirrorFrame):
                link.show(frame)
