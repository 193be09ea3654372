"""A station, a visit there, and facts taken the way the sync door takes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from server.core.access import Principal, Role
from server.core.writer import AnyWriter
from server.facts import service as facts
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import service
from server.plant.wire import NewControlCycle
from shared.events import Event
from shared.ids import PersonId, SiteId
from tests.helpers.builders import id_of, text_id
from tests.server.facts.a_stream import DEVICE, RECEIVED_MS, Stream

STATION, VISIT = id_of("station 4"), id_of("bakery")


def a_supervisor(site: SiteId) -> Principal:
    return Principal(
        kind="person",
        site_id=site,
        person_id=PersonId(id_of("Mia")),
        roles=frozenset({Role.SUPERVISOR}),
        name="Mia",
    )


def a_cycle(**given: Any) -> dict[str, Any]:
    """Part P-118 at the station, as the office may say it."""
    whole = {
        "part_no": "P-118",
        "station_id": STATION,
        "supermarket_id": id_of("supermarket"),
        "pieces_per_box": 48,
        "demand_per_h": 80,
        "min_boxes": 2,
        "max_boxes": 60,
        "safety_percent": 10,
    }
    return NewControlCycle.model_validate(whole | given).model_dump()


def told_where(writer: AnyWriter, site: SiteId, now: datetime) -> None:
    """Devices know the visit, so the plant does."""
    plan = {"location": str(STATION)}
    change = FeedChange("stop", text_id("bakery"), f"run:{text_id('run')}", plan, None)
    writer.run(lambda session: feed.publish(session, site, [change], now))


def take(
    writer: AnyWriter,
    site: SiteId,
    now: datetime,
    given: Sequence[Event],
    *,
    stream: str = "stream",
    times: int = 1,
) -> None:
    """Store facts of a device and let the plant follow, as often as asked."""

    def work(session: Session) -> None:
        push = Stream(stream).record(*given).push()
        new = facts.append(session, site, DEVICE, push, received_ms=RECEIVED_MS).new
        for _ in range(times):
            service.apply(session, site, new, now)

    writer.run(work)
