"""When a fact happened: the smallest certain estimate stays (sync.md §6)."""

from server.core.writer import AnyWriter, SnapshotReads
from server.facts import queries, service
from shared.events import NoteAdded
from shared.ids import RunId, SiteId
from shared.sync import DeviceClock
from tests.helpers.builders import START_MS, arrived, completed, id_of
from tests.helpers.clock import MONDAY_NOON
from tests.server.facts.a_stream import CLOCK, RECEIVED_MS, Stream
from tests.server.facts.conftest import BAKERY, Counting, Take


def _instants(reads: SnapshotReads, site: SiteId) -> list[tuple[int, bool]]:
    facts = reads.run(lambda s: queries.facts_of_visits(s, site, [BAKERY]))
    return [(one.reported_ms, one.uncertain) for one in facts]


def test_the_instant_is_counted_back_from_the_arrival(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    take(Stream().record(arrived(at=0)).push())

    assert _instants(reads, site) == [(START_MS, False)]


def test_a_late_copy_of_an_old_request_does_not_move_the_instant(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    stream = Stream().record(arrived(at=0))
    take(stream.push())

    answer = take(stream.push(), at_ms=RECEIVED_MS + 3_600_000)

    assert answer.retimed == []
    assert _instants(reads, site) == [(START_MS, False)]


def test_a_copy_that_came_faster_tells_the_instant_better(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    stream = Stream().record(fact := arrived(at=0))
    take(stream.push(), at_ms=RECEIVED_MS + 9_000)

    answer = take(stream.push(), at_ms=RECEIVED_MS)

    assert [str(one) for one in answer.retimed] == [fact.id]
    assert _instants(reads, site) == [(START_MS, False)]


def test_a_certain_copy_replaces_an_uncertain_estimate(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    stream = Stream().record(arrived(at=0))
    rebooted = DeviceClock("ffffffff", 9, START_MS + 10_000)
    take(stream.push(clock=rebooted))

    take(stream.push(clock=CLOCK))

    assert _instants(reads, site) == [(START_MS, False)]


def test_a_correction_is_a_fact_of_the_servers_own_stream_and_comes_last(
    take: Take, at_bakery: Counting, writer: AnyWriter, site: SiteId
) -> None:
    ahead = completed(at=10**9)
    take(Stream().record(ahead).push())

    def correct(text: str) -> service.NewFact:
        body = NoteAdded(text=text, about="visit")
        run_id = RunId(id_of("run"))
        by = f"supervisor:{id_of('mia')}"
        return writer.run(
            lambda s: service.record(
                s, site, by, body, run_id=run_id, visit_id=BAKERY, now=MONDAY_NOON
            )
        )

    first, second = correct("wrong door"), correct("no, the other one")

    assert (first.seq, second.seq) == (1, 2)
    assert first.event is not None
    assert second.event is not None
    assert ahead.stamp < first.event.stamp < second.event.stamp
    assert len(at_bakery()) == 3
