"""Andons follow from facts and from people, each mark by the first that says it."""

from datetime import datetime

import pytest

from server.core.access import system
from server.core.clock import from_ms
from server.core.writer import AnyWriter
from server.feed import queries as feed
from server.plant import queries, service
from server.plant.tables import AndonRow
from shared.events import Event
from shared.floor import missed_andon
from shared.ids import SiteId
from shared.plant_facts import AndonAcknowledged, AndonCleared, AndonRaised, StationMissed
from shared.refusals import Refusal
from shared.road_facts import StopReopened
from tests.helpers.builders import START_MS, fact, id_of, text_id
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import STATION, a_supervisor, take, told_where

ANDON = text_id("andon")
RAISED = AndonRaised(andon=ANDON, category="material", severity=2, text="no bolts")
RAISE = fact(RAISED, at=1)
ACKNOWLEDGE = fact(AndonAcknowledged(andon=ANDON), at=2)
CLEAR = fact(AndonCleared(andon=ANDON, cause="refilled"), at=3)


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


def the_andon(writer: AnyWriter, site: SiteId, name: str = ANDON) -> AndonRow:
    found = writer.run(lambda s: queries.andons(s, site, only_open=False))
    return next(row for row in found if str(row.id) == name)


def open_items(writer: AnyWriter, site: SiteId) -> list[str]:
    return [item.subject_id for item in writer.run(lambda s: feed.exceptions(s, site))]


def test_a_raised_andon_is_an_exception_until_it_is_cleared(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    told_where(writer, site, now)
    take(writer, site, now, [RAISE])

    row = the_andon(writer, site)
    assert (row.kind, row.text, row.station_id) == ("material", "no bolts", STATION)
    assert row.raised_at == from_ms(START_MS + 1)
    assert open_items(writer, site) == [ANDON]

    take(writer, site, now, [CLEAR], stream="other")

    assert the_andon(writer, site).cause == "refilled"
    assert open_items(writer, site) == []


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_the_order_in_which_facts_arrive_makes_no_difference(
    writer: AnyWriter, site: SiteId, now: datetime, order: list[int]
) -> None:
    facts: list[Event] = [RAISE, ACKNOWLEDGE, CLEAR]
    for n in order:
        take(writer, site, now, [facts[n]], stream=f"stream {n}", times=2)

    row = the_andon(writer, site)
    assert (row.kind, row.cause) == ("material", "refilled")
    assert row.acknowledged_at == from_ms(START_MS + 2)
    assert open_items(writer, site) == []


def test_the_first_acknowledgement_counts(writer: AnyWriter, site: SiteId, now: datetime) -> None:
    later = fact(AndonAcknowledged(andon=ANDON), at=9, by="ben")

    take(writer, site, now, [RAISE, ACKNOWLEDGE, later])

    assert the_andon(writer, site).acknowledged_by == f"driver:{text_id('kaya')}"


def test_a_missed_station_raises_an_andon_that_goes_when_it_is_undone(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    missed = fact(StationMissed(reason="blocked"), at=5)
    name = missed_andon(missed.id)
    take(writer, site, now, [missed])
    assert the_andon(writer, site, name).kind == "missed"

    undone = fact(StopReopened(undo=missed.id, reason="wrong_stop"), at=6)
    take(writer, site, now, [undone], stream="other")

    assert open_items(writer, site) == []


def test_the_office_raises_acknowledges_and_clears(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    who = a_supervisor(site)

    writer.run(lambda s: service.raise_andon(s, who, RAISED, run_id=None, now=now))
    writer.run(lambda s: service.acknowledge(s, who, id_of("andon"), now=now))
    writer.run(lambda s: service.clear(s, who, id_of("andon"), cause="found", now=now))

    row = the_andon(writer, site)
    assert (row.raised_by, row.cause) == (f"supervisor:{id_of('Mia')}", "found")


def test_an_unknown_andon_is_not_found(writer: AnyWriter, site: SiteId, now: datetime) -> None:
    with pytest.raises(Refusal, match="not_found"):
        writer.run(lambda s: service.clear(s, system(site), id_of("?"), cause=None, now=now))
