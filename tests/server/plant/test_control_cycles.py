"""Parts at stations, and what a train brings of them per visit."""

from datetime import datetime

import pytest

from server.core.writer import AnyWriter
from server.plant import queries, service
from shared.ids import SiteId
from shared.refusals import Refusal
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import STATION, a_cycle, a_supervisor


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


def test_a_train_brings_the_lot_per_visit(writer: AnyWriter, site: SiteId, now: datetime) -> None:
    """The vector: 80 an hour, 24 h, 10 % more are 2112 pieces, 44 boxes of 48."""
    who = a_supervisor(site)
    writer.run(lambda s: service.add_control_cycle(s, who, a_cycle(), now=now))

    lines = writer.run(lambda s: queries.lines_for_stations(s, site, [STATION], interval_s=86_400))

    assert [(one.part_no, one.boxes) for one in lines[STATION]] == [("P-118", 44)]


def test_one_part_has_one_control_cycle_at_a_station(
    writer: AnyWriter, site: SiteId, now: datetime
) -> None:
    who = a_supervisor(site)
    writer.run(lambda s: service.add_control_cycle(s, who, a_cycle(), now=now))

    with pytest.raises(Refusal, match="exists"):
        writer.run(lambda s: service.add_control_cycle(s, who, a_cycle(), now=now))


def test_a_stale_revision_is_refused(writer: AnyWriter, site: SiteId, now: datetime) -> None:
    who = a_supervisor(site)
    row = writer.run(lambda s: service.add_control_cycle(s, who, a_cycle(), now=now))
    cycle, rev = row.id, row.rev

    changed = writer.run(
        lambda s: service.change_control_cycle(
            s, who, cycle, {"max_boxes": 9}, expected_rev=rev, now=now
        )
    )

    assert changed.max_boxes == 9
    with pytest.raises(Refusal, match="rev"):
        writer.run(
            lambda s: service.change_control_cycle(
                s, who, cycle, {"max_boxes": 8}, expected_rev=rev, now=now
            )
        )
