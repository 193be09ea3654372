"""Content never refuses a fact: it waits, and people decide (sync.md S3, S11)."""

import pytest
from sqlalchemy import text

from server.core.writer import AnyWriter, SnapshotReads
from server.facts import queries, service
from shared.ids import DeviceId, EventId, SiteId
from shared.refusals import LookAgain, NotForYou
from tests.helpers.builders import arrived, completed, doc_of, id_of, text_id
from tests.helpers.clock import MONDAY_NOON
from tests.server.facts.a_stream import DEVICE, Stream
from tests.server.facts.conftest import BAKERY, Counting, Held, Take

POISON = EventId(id_of("poison"))
SURROGATE = '{"type":"note.added","text":"\ud800"}'


def test_a_poison_fact_waits_and_its_neighbours_count(
    take: Take, at_bakery: Counting, held: Held
) -> None:
    stream = Stream().record(first := arrived())
    stream.record_doc(str(POISON), "{ not json").record(last := completed(at=5))

    answer = take(stream.push())

    assert answer.seq == 3
    assert at_bakery() == sorted([first.id, last.id])
    assert [(one.id, one.why, one.doc) for one in held()] == [(POISON, "bad_doc", b"{ not json")]


def test_a_lone_surrogate_is_stored_as_it_came(take: Take, held: Held) -> None:
    stream = Stream().record_doc(str(POISON), SURROGATE)

    answer = take(stream.push())

    assert answer.chain == stream.chains[1]
    assert held()[0].doc == SURROGATE.encode("utf-8", "surrogatepass")


def test_every_fact_of_a_retired_device_waits(take: Take, at_bakery: Counting, held: Held) -> None:
    answer = take(Stream().record(arrived()).push(), hold_all="retired_device")

    assert answer.seq == 1
    assert [one.why for one in held()] == ["retired_device"]
    assert at_bakery() == []


def test_a_released_fact_counts(
    take: Take, at_bakery: Counting, held: Held, writer: AnyWriter, site: SiteId
) -> None:
    stream = Stream().record(fact := arrived())
    take(stream.push(), hold_all="retired_device")
    [waiting] = held()

    writer.run(lambda s: service.release(s, site, [waiting.id], by="supervisor:x", now=MONDAY_NOON))

    assert (at_bakery(), held()) == ([fact.id], [])


def test_an_unreadable_fact_cannot_be_released(
    take: Take, held: Held, writer: AnyWriter, site: SiteId
) -> None:
    take(Stream().record_doc(str(POISON), "{ not json").push())

    writer.run(lambda s: service.release(s, site, [POISON], by="supervisor:x", now=MONDAY_NOON))

    assert [one.id for one in held()] == [POISON]


def test_an_attached_fact_counts_for_that_visit_alone(
    take: Take, at_bakery: Counting, writer: AnyWriter, reads: SnapshotReads, site: SiteId
) -> None:
    fact = arrived(visit=text_id("nowhere"))
    new = take(Stream().record(fact).push(), hold_all="unknown_visit").new[0]

    stored = writer.run(
        lambda s: service.attach(s, site, new.id, BAKERY, by="supervisor:x", now=MONDAY_NOON)
    )

    assert stored.event.envelope.visit == str(BAKERY)
    assert at_bakery() == [fact.id]
    run = reads.run(lambda s: queries.facts_of_runs(s, site, [id_of("run")]))  # type: ignore[list-item]
    assert run == []


def test_a_dismissed_fact_stays_stored_and_does_not_count(
    take: Take, at_bakery: Counting, held: Held, writer: AnyWriter, site: SiteId
) -> None:
    new = take(Stream().record(arrived()).push(), hold_all="retired_device").new[0]

    writer.run(lambda s: service.dismiss(s, site, new.id, by="supervisor:x", now=MONDAY_NOON))

    assert (at_bakery(), held()) == ([], [])


def test_what_does_not_wait_cannot_be_decided(take: Take, writer: AnyWriter, site: SiteId) -> None:
    new = take(Stream().record(arrived()).push()).new[0]

    with pytest.raises(NotForYou, match="not_found"):
        writer.run(lambda s: service.dismiss(s, site, new.id, by="supervisor:x", now=MONDAY_NOON))


def test_an_unreadable_fact_cannot_be_attached(take: Take, writer: AnyWriter, site: SiteId) -> None:
    take(Stream().record_doc(str(POISON), "[]").push())

    with pytest.raises(LookAgain, match="bad_state"):
        writer.run(
            lambda s: service.attach(s, site, POISON, BAKERY, by="supervisor:x", now=MONDAY_NOON)
        )


def test_only_the_facts_of_a_device_are_told_to_it(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    take(Stream("a").record(arrived()).push(), hold_all="retired_device")
    other = DeviceId(id_of("van 5"))
    take(Stream("b").record(arrived(at=1)).push(), device=other, hold_all="retired_device")

    mine = reads.run(lambda s: queries.held(s, site, device_id=DEVICE))

    assert [one.device_id for one in mine] == [DEVICE]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE event SET doc_sha = 'x'",
        "UPDATE event SET doc = NULL",
        "DELETE FROM event",
        "UPDATE stream_pos SET chain = 'x'",
        "DELETE FROM stream_pos",
    ],
)
def test_the_database_itself_refuses_to_change_facts(
    take: Take, writer: AnyWriter, change: str
) -> None:
    take(Stream().record(arrived()).push())

    with pytest.raises(Exception, match="never"):
        writer.run(lambda session: session.execute(text(change)))


def test_the_reduction_of_an_old_fact_passes_once(take: Take, writer: AnyWriter) -> None:
    take(Stream().record(arrived()).push())
    reduce = text(
        "UPDATE event SET doc = NULL, run_id = NULL, visit_id = NULL, by = NULL,"
        " redacted_ms = 5, redacted_why = 'retention'"
    )
    writer.run(lambda session: session.execute(reduce))

    with pytest.raises(Exception, match="never"):
        writer.run(lambda session: session.execute(reduce))


def test_a_doc_may_be_as_large_as_a_request(take: Take, held: Held) -> None:
    doc = doc_of(arrived()).replace('"v":1', '"v":1,"x":"' + "y" * 70_000 + '"')

    take(Stream().record_doc(str(POISON), doc).push())

    assert held() == []
