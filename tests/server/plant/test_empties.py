"""The ledger of empties always says what the facts fold to."""

from collections.abc import Mapping
from datetime import datetime

import pytest
from sqlmodel import Session

from server.core.writer import AnyWriter
from server.feed import queries as feed_rows
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import queries, service
from server.sites import service as sites
from shared.ids import LocationId, SiteId
from shared.plant_facts import StationDone
from shared.road_facts import EmptiesTaken, StopReopened
from shared.site import Location
from tests.helpers.builders import fact, text_id
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import STATION, a_cycle, a_supervisor, take, told_where

KLT = "KLT-6429"


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


def balance(writer: AnyWriter, site: SiteId) -> int:
    rows = writer.run(lambda s: queries.balances(s, site, [STATION]))
    return sum(row.balance for row in rows if row.container_type == KLT)


def ledger(writer: AnyWriter, site: SiteId) -> list[tuple[str, int]]:
    rows = writer.run(lambda s: queries.entries(s, site, STATION, KLT))
    return sorted((row.kind, row.qty) for row in rows)


def test_opening_plus_full_less_returned_and_the_count_corrects(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    """The vector: 40 + 12 - 9 = 43; a count of 42 books -1."""
    told_where(writer, site, now)
    who = a_supervisor(site)
    writer.run(lambda s: service.count_empties(s, who, STATION, KLT, qty=40, now=now))

    given = fact(EmptiesTaken(container_type=KLT, dir="given", qty=12), at=1)
    taken = fact(StationDone(empties=[(KLT, "taken", 9)]), at=2)
    take(writer, site, now, [given, taken], times=3)
    assert balance(writer, site) == 43

    writer.run(lambda s: service.count_empties(s, who, STATION, KLT, qty=42, now=now))
    assert balance(writer, site) == 42
    assert ("correction", -1) in ledger(writer, site)
    assert sum(qty for _, qty in ledger(writer, site)) == 42


def test_an_undone_station_takes_its_empties_back(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    told_where(writer, site, now)
    done = fact(StationDone(empties=[(KLT, "taken", 3)]), at=1)
    take(writer, site, now, [done])
    assert balance(writer, site) == -3

    undo = fact(StopReopened(undo=done.id, reason="wrong_stop"), at=2)
    take(writer, site, now, [undo], stream="other")

    assert balance(writer, site) == 0


def test_a_visit_nobody_knows_the_place_of_is_left_out(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    take(writer, site, now, [fact(EmptiesTaken(container_type=KLT, dir="taken", qty=3), at=1)])

    assert balance(writer, site) == 0


def test_full_boxes_of_the_train_come_back_as_empties_of_their_type(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    """A station that holds 2, is brought 3 boxes and gives 2 empties back holds 3."""
    told_where(writer, site, now)
    who = a_supervisor(site)
    cycle = a_cycle(container_type=KLT)
    writer.run(lambda s: service.add_control_cycle(s, who, cycle, now=now))
    writer.run(lambda s: service.count_empties(s, who, STATION, KLT, qty=2, now=now))
    goods = FeedChange("load", text_id("load"), "run:x", {"part_no": "P-118", "qty": 3}, None)
    writer.run(lambda s: feed.publish(s, site, [goods], now))

    done = fact(StationDone(delivered=[(text_id("load"), 3)], empties=[(KLT, "taken", 2)]), at=1)
    take(writer, site, now, [done], times=2)

    assert ledger(writer, site) == [
        ("correction", 2),
        ("delivered_full", 3),
        ("returned_empty", -2),
    ]
    assert balance(writer, site) == 3


def test_devices_are_told_how_many_empties_wait_and_never_less_than_none(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    who = a_supervisor(site)
    station = Location(kind="station", name="Station 4", lat=48.1, lon=11.5)
    writer.run(lambda s: sites.add_locations(s, who, [(LocationId(STATION), station)], now=now))
    told_where(writer, site, now)

    def told() -> Mapping[str, int]:
        (row,) = writer.run(lambda s: feed_rows.rows_of(s, site, "location"))
        assert row.plan is not None
        found: Mapping[str, int] = row.plan["empties"]
        return found

    def show(session: Session) -> None:
        feed.publish(session, site, sites.show_to_devices(session, site, [STATION]), now)

    writer.run(show)
    writer.run(lambda s: service.count_empties(s, who, STATION, KLT, qty=2, now=now))
    assert told() == {KLT: 2}

    take(writer, site, now, [fact(StationDone(empties=[(KLT, "taken", 3)]), at=1)])
    assert told() == {KLT: 0}
