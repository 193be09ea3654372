"""Wakes devices: a stream that says only that there is something to fetch (sync.md §8)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import anyio.to_thread
from sqlmodel import Session

from server.core.bus import Bus
from server.core.db import Reads
from server.feed import queries as feed
from shared.ids import DeviceId, SiteId
from shared.sync import POKE_HEARTBEAT_S, POKE_MIN_S

RECHECK_S = 3  # a revoked device loses its stream within REVOKE_EFFECT_S = 5
BEAT = ": beat\n\n"


@dataclass(frozen=True)
class Pace:
    """How often a device is woken, looked at again, and shown that the line is alive."""

    min_s: float = POKE_MIN_S
    recheck_s: float = RECHECK_S
    heartbeat_s: float = POKE_HEARTBEAT_S


@dataclass(frozen=True)
class Listener:
    """Who listens, and how to ask whether it still may."""

    site_id: SiteId
    device_id: DeviceId
    allowed: Callable[[], Awaitable[bool]]


async def pokes(
    bus: Bus,
    reads: Reads,
    who: Listener,
    since: int,
    pace: Pace = Pace(),
) -> AsyncIterator[str]:
    """Give the text of the stream until the device may no longer listen.

    The bus is followed before the first look, so that nothing falls in between.
    """
    following = bus.follow(who.site_id)
    bell = asyncio.ensure_future(anext(following))
    try:
        await asyncio.sleep(0)
        told, rang, spoke_at = since, True, asyncio.get_running_loop().time()
        yield BEAT
        while await who.allowed():
            now = asyncio.get_running_loop().time()
            if rang:
                head, touched = await _look(reads, who, told)
                told, rang = head, False
                if touched:
                    yield f"event: rev\ndata: {head}\n\n"
                    spoke_at = now
                    await asyncio.sleep(pace.min_s)
            elif now - spoke_at >= pace.heartbeat_s:
                yield BEAT
                spoke_at = now
            done, _ = await asyncio.wait({bell}, timeout=pace.recheck_s)
            if done:
                rang, bell = True, asyncio.ensure_future(anext(following))
    finally:
        bell.cancel()


async def _look(reads: Reads, who: Listener, told: int) -> tuple[int, bool]:
    def look(session: Session) -> tuple[int, bool]:
        head = feed.head(session, who.site_id)
        # A device that is ahead of a restored server has to fetch everything anew.
        ahead = told > head
        return head, ahead or feed.touched(session, who.site_id, who.device_id, above=told)

    return await anyio.to_thread.run_sync(reads.run, look)
