"""The board over the wire: a snapshot, and the stream of what changes after it."""

import asyncio
import contextlib
from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import Session

from server.core import http, words
from server.core.access import Principal
from server.core.guard import still_allowed
from server.core.http import InParts, Parts, Who, needs
from server.feed import queries as feed
from server.sites import queries as sites
from server.web import board_state
from server.web.board_state import Asked, topics_of
from server.web.hub import (
    BEAT_S,
    NOTHING,
    RECHECK_S,
    Channel,
    Hub,
    Viewer,
    events_of,
    hub_of,
)
from shared.refusals import refuse

router = http.router("/api/v1/board", tags=["board"])
Topics = Annotated[str, Query(max_length=1000)]


async def _wanted(topics: Topics) -> tuple[str, ...]:
    return topics_of(topics)


async def _room(request: Request, parts: InParts) -> Hub:
    """Find the hub; without room for one more viewer nobody is let in."""
    hub = hub_of(request.app, parts)
    if hub.full():
        raise refuse("busy")
    return hub


# Asked before the answer begins: once a stream runs it can no longer be refused.
Wanted = Annotated[tuple[str, ...], Depends(_wanted)]
Room = Annotated[Hub, Depends(_room)]


@router.get("/snapshot", openapi_extra=needs("board", "read"))
def snapshot(request: Request, topics: Topics, who: Who, parts: InParts) -> dict[str, Any]:
    """Give everything these topics know, with the revision it stands for."""
    wanted = topics_of(topics)
    return parts.reads.run(lambda session: read_snapshot(session, request, parts, who, wanted))


def read_snapshot(
    session: Session, request: Request, parts: Parts, who: Principal, topics: tuple[str, ...]
) -> dict[str, Any]:
    """Read the snapshot in a session that is open already."""
    now, kept = parts.clock.now(), hub_of(request.app, parts).channel(who).kept
    state = board_state.load(session, Asked(who, now), topics, kept)
    return {"rev": feed.head(session, who.site_id), "now": parts.clock.ms(), "state": state}


@router.get("/stream", response_class=EventSourceResponse, openapi_extra=needs("board", "read"))
async def stream(
    *,
    request: Request,
    topics: Wanted,
    who: Who,
    parts: InParts,
    hub: Room,
    since: Annotated[int, Query(ge=0)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterable[ServerSentEvent]:
    """Tell what changes, from a revision on."""
    known = int(last_event_id) if last_event_id and last_event_id.isdigit() else since
    viewer = Viewer(topics)
    channel = hub.channel(who)
    missed = await channel.join(viewer, known)
    try:
        yield _beat(parts, channel)
        if missed is None:
            yield ServerSentEvent(event="resync", data={"reason": "too_old"})
        for batch in missed or ():
            for event in events_of(batch):
                yield event
        async for event in _live(request, parts, channel, viewer):
            yield event
    finally:
        channel.leave(viewer)


async def _live(
    request: Request, parts: Parts, channel: Channel, viewer: Viewer
) -> AsyncIterator[ServerSentEvent]:
    """Tell batches as they come, a beat in between, and the end when the session ends."""
    monotonic = parts.clock.monotonic
    check_at, beat_at = monotonic() + RECHECK_S, monotonic() + BEAT_S
    while True:
        batch = NOTHING
        with contextlib.suppress(TimeoutError):
            batch = await asyncio.wait_for(viewer.waiting.get(), RECHECK_S)
        if viewer.overflown:
            viewer.overflown = False
            yield ServerSentEvent(event="resync", data={"reason": "overflow"})
        for event in events_of(batch):
            yield event
        if monotonic() >= beat_at:
            beat_at = monotonic() + BEAT_S
            yield _beat(parts, channel)
        if monotonic() >= check_at:
            check_at = monotonic() + RECHECK_S
            if not await still_allowed(request):
                yield ServerSentEvent(event="bye", data={"why": "signed_out"})
                return


def _beat(parts: Parts, channel: Channel) -> ServerSentEvent:
    return ServerSentEvent(event="beat", data={"now": parts.clock.ms(), "rev": channel.rev})


def reason_words(session: Session, who: Principal) -> dict[str, str]:
    """The site's reasons in the reader's language, for scripts."""
    lang = words.current()
    return {
        one.id: next((name for key, name in one.name.items() if key == lang), one.id)
        for one in sites.reasons(session, who.site_id)
    }
