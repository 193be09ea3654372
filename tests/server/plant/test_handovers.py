"""What one shift leaves stays on the tablets until the next has taken it over, once."""

from itertools import permutations

from server.core.writer import AnyWriter
from server.feed import queries as feed
from server.feed import service as feed_service
from server.feed.service import FeedChange
from server.plant import queries
from shared.events import Event
from shared.ids import SiteId
from shared.plant_facts import HandoverAcknowledged, HandoverWritten
from shared.road_facts import FactVoided
from tests.helpers.builders import fact, text_id
from tests.helpers.clock import ManualClock
from tests.server.plant.a_plant import take


def written(at: int = 1) -> Event:
    body = HandoverWritten(
        open=[text_id("call")],
        stuck=[(text_id("call"), "no_stock")],
        text="one rack stuck",
        counts={"done": 31, "missed": 1},
    )
    return fact(body, at=at)


def test_a_handover_waits_with_its_loop_until_somebody_takes_it_over(
    writer: AnyWriter, site: SiteId, clock: ManualClock
) -> None:
    now, loop = clock.now(), text_id("loop")
    run = FeedChange("run", text_id("run"), f"run:{text_id('run')}", {"loop": loop}, None)
    writer.run(lambda s: feed_service.publish(s, site, [run], now))
    left = written()
    take(writer, site, now, [left], times=2)

    [row] = writer.run(lambda s: feed.rows_of(s, site, "handover"))
    assert (row.id, row.scope) == (left.id, "site")
    assert row.plan is not None
    assert (row.plan["loop"], row.plan["counts"]["done"]) == (loop, 31)

    taken = fact(HandoverAcknowledged(handover=left.id, remark="ok"), at=5, by="ben")
    take(writer, site, now, [taken], stream="two")

    assert writer.run(lambda s: feed.rows_of(s, site, "handover")) == []
    [kept] = writer.run(lambda s: queries.handovers(s, site, only_open=False))
    assert (kept.acknowledged_by, kept.remark) == (f"driver:{text_id('ben')}", "ok")


def test_every_order_of_arrival_leaves_the_first_word(
    writer: AnyWriter, site: SiteId, clock: ManualClock
) -> None:
    for number, order in enumerate(permutations(range(3))):
        left = written(number)
        first = fact(HandoverAcknowledged(handover=left.id), at=50, by="ben")
        second = fact(HandoverAcknowledged(handover=left.id), at=60, by="kaya")
        for place in order:
            given = [left, first, second][place]
            take(writer, site, clock.now(), [given], stream=f"{number} {place}", times=2)

    rows = writer.run(lambda s: queries.handovers(s, site, only_open=False))
    assert len(rows) == 6
    assert {row.acknowledged_by for row in rows} == {f"driver:{text_id('ben')}"}


def test_a_voided_handover_is_gone(writer: AnyWriter, site: SiteId, clock: ManualClock) -> None:
    left = written()
    take(writer, site, clock.now(), [left])
    take(writer, site, clock.now(), [fact(FactVoided(undo=left.id), at=5)], stream="two")

    assert writer.run(lambda s: queries.handovers(s, site, only_open=False)) == []
    assert writer.run(lambda s: feed.rows_of(s, site, "handover")) == []
