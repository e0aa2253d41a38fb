"""The wipe: every stage lets go, every key is deleted, and a receipt says so without saying anything else."""

import asyncio
import os
from pathlib import Path

from shared.bus import Bus
from shared.clock import Clock
from shared.events import SessionClosed, SessionOpened, WipeReceipt, encode
from shared.runner import GLOBAL_CAP
from shared.streams import RECEIPTS, SESSIONS

LET_GO_S = 0.3
"""Time for the workers to hear of the end and close; whoever is later is fenced: its lease is among the deleted keys."""


def files_left() -> int:
    """Files in the services' scratch folder (`MIRROR_SCRATCH`, on the RAM disk); there should never be one."""
    scratch = os.environ.get("MIRROR_SCRATCH")
    return sum(path.is_file() for path in Path(scratch).rglob("*")) if scratch else 0


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
        files_left=await asyncio.to_thread(files_left),
        lasted_s=clock.now() - opened.at,
    )
    await bus.append(RECEIPTS, encode(receipt), GLOBAL_CAP)
    return receipt
