"""An Andon nobody has seen climbs level by level: tablet, plant contacts, site contacts."""

from datetime import datetime, timedelta

import pytest

from server.core.clock import from_ms
from server.core.http import Parts
from server.feed import queries as feed
from server.plant import queries, service
from server.sites import service as sites
from shared.ids import SiteId
from shared.plant_facts import AndonAcknowledged, AndonRaised
from shared.site import Site
from tests.helpers.builders import START_MS, fact, text_id
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import take

ANDON = text_id("andon")
RAISED_AT = from_ms(START_MS + 1)


@pytest.fixture
def raised(parts: Parts, site: SiteId, clock: ManualClock) -> datetime:
    """Somebody called for material at this instant."""
    clock.at = RAISED_AT
    about, now = Site(name="Munich"), clock.now()
    parts.writer.run(lambda s: sites.create_site(s, site, about, now=now))
    call = fact(AndonRaised(andon=ANDON, category="material", severity=2), at=1)
    take(parts.writer, site, now, [call])
    return RAISED_AT


def climb(parts: Parts, clock: ManualClock) -> int:
    return service.climb_everywhere(parts.reads, parts.writer, clock.now())


def level(parts: Parts, site: SiteId) -> int:
    [row] = parts.reads.run(lambda s: queries.andons(s, site))
    return row.level


def test_an_unseen_andon_climbs_at_its_steps_and_no_earlier(
    parts: Parts, site: SiteId, clock: ManualClock, raised: datetime
) -> None:
    seen = []
    for after_s in (0, 179, 180, 599, 600, 9_999):
        clock.at = raised + timedelta(seconds=after_s)
        seen.append((climb(parts, clock), level(parts, site)))

    assert seen == [(0, 1), (0, 1), (1, 2), (0, 2), (1, 3), (0, 3)]
    [row] = parts.reads.run(lambda s: feed.rows_of(s, site, "andon"))
    assert row.plan is not None
    assert row.plan["level"] == 3


def test_the_clock_wakes_at_the_second_an_andon_is_due(
    parts: Parts, clock: ManualClock, raised: datetime
) -> None:
    def due() -> datetime | None:
        return service.next_climb(parts.reads, clock.now())

    assert due() == raised + timedelta(seconds=180)
    clock.at = raised + timedelta(seconds=180)
    climb(parts, clock)
    assert due() == raised + timedelta(seconds=600)
    clock.at = raised + timedelta(seconds=600)
    climb(parts, clock)
    assert due() is None


def test_an_andon_somebody_has_seen_climbs_no_more(
    parts: Parts, site: SiteId, clock: ManualClock, raised: datetime
) -> None:
    seen = fact(AndonAcknowledged(andon=ANDON), at=9)
    take(parts.writer, site, clock.now(), [seen], stream="two")
    clock.at = raised + timedelta(hours=1)

    assert climb(parts, clock) == 0
    assert level(parts, site) == 1


def test_after_a_long_silence_an_andon_arrives_where_its_age_puts_it(
    parts: Parts, site: SiteId, clock: ManualClock, raised: datetime
) -> None:
    clock.at = raised + timedelta(minutes=40)

    assert climb(parts, clock) == 1
    assert level(parts, site) == 3
