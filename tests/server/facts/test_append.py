"""Facts are taken once, in order; the stream says where it stands (sync.md S1, S2)."""

from uuid import UUID

import pytest

from server.core.writer import SnapshotReads
from server.facts import queries
from shared.ids import DeviceId, EventId, SiteId
from shared.refusals import LookAgain
from tests.helpers.builders import arrived, completed, id_of
from tests.server.facts.a_stream import Stream
from tests.server.facts.conftest import Counting, Take


def test_a_batch_is_taken_whole_and_acknowledged_with_its_chain(
    take: Take, at_bakery: Counting
) -> None:
    stream = Stream().record(first := arrived(), second := completed(at=5))

    answer = take(stream.push())

    assert (answer.seq, answer.chain) == (2, stream.chains[2])
    assert [fact.event for fact in answer.new] == [first, second]
    assert at_bakery() == sorted([first.id, second.id])


def test_a_batch_that_comes_again_is_known_and_changes_nothing(
    take: Take, at_bakery: Counting
) -> None:
    stream = Stream().record(first := arrived())
    take(stream.push())

    answer = take(stream.push())

    assert (answer.seq, answer.new, answer.known) == (1, [], [EventId(UUID(first.id))])
    assert at_bakery() == [first.id]


def test_a_longer_batch_after_a_lost_answer_adds_only_what_is_new(
    take: Take, at_bakery: Counting
) -> None:
    stream = Stream().record(first := arrived())
    take(stream.push())
    stream.record(second := completed(at=5))

    answer = take(stream.push())

    assert answer.seq == 2
    assert [fact.event for fact in answer.new] == [second]
    assert at_bakery() == sorted([first.id, second.id])


def test_a_batch_behind_a_gap_is_told_where_the_stream_stands(
    take: Take, at_bakery: Counting
) -> None:
    stream = Stream().record(arrived(), completed(at=5))

    answer = take(stream.push(after=1))

    assert (answer.seq, answer.chain, answer.new) == (0, stream.chains[0], [])
    assert at_bakery() == []


def test_another_chain_before_the_batch_is_a_fork(take: Take) -> None:
    take(Stream().record(arrived()).push())
    other = Stream().record(arrived(at=1), completed(at=5))

    with pytest.raises(LookAgain, match="stream_fork"):
        take(other.push(after=1))


def test_another_fact_at_a_known_place_is_a_fork_and_changes_nothing(
    take: Take, at_bakery: Counting
) -> None:
    take(Stream().record(first := arrived()).push())
    other = Stream().record(arrived(at=1), completed(at=5))

    with pytest.raises(LookAgain, match="stream_fork"):
        take(other.push())

    assert at_bakery() == [first.id]


def test_a_stream_of_another_device_is_a_fork(take: Take) -> None:
    stream = Stream().record(arrived())
    take(stream.push())

    with pytest.raises(LookAgain, match="stream_fork"):
        take(stream.push(), device=DeviceId(id_of("van 5")))


def test_facts_known_from_an_old_stream_are_recognised_in_the_new_one(
    take: Take, at_bakery: Counting
) -> None:
    """A phone restored from its backup begins a new stream and sends everything again."""
    old = Stream("old").record(first := arrived(), second := completed(at=5))
    take(old.push())
    new = Stream("new").record(first, second, third := arrived(at=9))

    answer = take(new.push())

    assert answer.seq == 3
    assert [fact.event for fact in answer.new] == [third]
    assert at_bakery() == sorted([first.id, second.id, third.id])


def test_other_bytes_under_a_known_id_are_kept_aside(
    take: Take, reads: SnapshotReads, site: SiteId, at_bakery: Counting
) -> None:
    take(Stream("old").record(first := arrived()).push())
    forged = Stream("new").record(arrived(at=77, id=first.id))

    answer = take(forged.push())

    assert (answer.seq, answer.conflicts) == (1, [EventId(UUID(first.id))])
    assert reads.run(lambda session: queries.conflicts(session, site)) == 1
    assert at_bakery() == [first.id]


def test_an_id_used_twice_in_one_batch_counts_once(
    take: Take, reads: SnapshotReads, site: SiteId
) -> None:
    stream = Stream().record(first := arrived(), arrived(at=77, id=first.id))

    answer = take(stream.push())

    assert answer.seq == 2
    assert [fact.event for fact in answer.new] == [first]
    assert reads.run(lambda session: queries.conflicts(session, site)) == 1


def test_an_empty_push_says_where_the_stream_stands(take: Take) -> None:
    stream = Stream().record(arrived())
    take(stream.push())

    answer = take(stream.push(after=1))

    assert (answer.seq, answer.chain, answer.new) == (1, stream.chains[1], [])
