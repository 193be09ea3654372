"""The ledger of empties always says what the facts fold to."""

from datetime import datetime

import pytest

from server.core.writer import AnyWriter
from server.plant import queries, service
from shared.ids import SiteId
from shared.plant_facts import StationDone
from shared.road_facts import EmptiesTaken, StopReopened
from tests.helpers.builders import fact
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import STATION, a_supervisor, take, told_where

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
