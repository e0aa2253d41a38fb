"""The wipe: every stage lets go, every key is deleted, and a receipt says so without saying anything else."""

import asyncio
import os
import time
from pathlib import Path
from typing import NamedTuple

from shared.bus import Bus
from shared.clock import Clock
from shared.events import SessionClosed, SessionOpened, WipeReceipt, encode, understood
from shared.streams import GLOBAL_CAP, RECEIPTS, SESSIONS, START

LET_GO_S = 0.3
"""Time for the workers to hear of the end and close; whoever is later is fenced: its lease is among the deleted keys."""


def files_left(lasted_s: float) -> int:
    """Files written in the services' scratch folder (`MIRROR_SCRATCH`, on the RAM disk) in the last `lasted_s` seconds.

    There should never be one: what libraries put there when they start is older than the visit.
    """
    scratch = os.environ.get("MIRROR_SCRATCH")
    if not scratch:
        return 0
    since = time.time() - lasted_s
    return sum(path.is_file() and path.stat().st_mtime >= since for path in Path(scratch).rglob("*"))


class LeftBehind(NamedTuple):
    """Sessions that are not done with."""

    running: list[SessionOpened]
    """Opened and not closed."""
    unwiped: list[tuple[SessionOpened, str]]
    """Closed, for that reason, and without a receipt: whoever wiped them died or stopped before the end."""


async def left_behind(bus: Bus) -> LeftBehind:
    """What a service before us did not finish."""
    opened: dict[str, SessionOpened] = {}
    closed: dict[str, str] = {}
    for entry in await bus.range(SESSIONS, START):
        match understood(entry.payload):
            case SessionOpened() as event:
                opened[event.session] = event
            case SessionClosed() as event:
                closed[event.session] = event.reason
            case _:
                pass
    receipts = (understood(entry.payload) for entry in await bus.range(RECEIPTS, START))
    wiped = {event.session for event in receipts if isinstance(event, WipeReceipt)}
    return LeftBehind(
        running=[event for session, event in opened.items() if session not in closed],
        unwiped=[(opened[session], why) for session, why in closed.items() if session in opened.keys() - wiped],
    )


async def forget(bus: Bus, clock: Clock, opened: SessionOpened, reason: str) -> WipeReceipt:
    """End a session everywhere and delete all of it. Safe to call twice."""
    await bus.append(SESSIONS, encode(SessionClosed(session=opened.session, reason=reason, at=clock.now())), GLOBAL_CAP)
    await asyncio.sleep(LET_GO_S)
    await bus.wipe(opened.session)
    keys_left = await bus.wipe(opened.session)
    receipt = WipeReceipt(
        session=opened.session,
        at=clock.now(),
        kiosk=opened.kiosk,
        reason=reason,
        keys_left=keys_left,
        files_left=await asyncio.to_thread(files_left, clock.now() - opened.at),
        lasted_s=clock.now() - opened.at,
    )
    await bus.append(RECEIPTS, encode(receipt), GLOBAL_CAP)
    return receipt
