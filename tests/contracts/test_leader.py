"""What leadership keeps: one at a time, taken over when the holder is silent."""

from uuid import UUID

from server.core.leader import LEASE_TTL_S, Leader, identity
from server.core.writer import AnyWriter
from tests.helpers.clock import ManualClock


def leaders(writer: AnyWriter, clock: ManualClock) -> tuple[Leader, Leader]:
    return Leader(writer, clock, UUID(int=1)), Leader(writer, clock, UUID(int=2))


def test_the_first_to_ask_leads_and_the_second_does_not(
    writer: AnyWriter, clock: ManualClock
) -> None:
    one, two = leaders(writer, clock)

    assert (one.renew(), two.renew()) == (True, False)
    assert (one.held(), two.held()) == (True, False)


def test_a_silent_leader_is_followed_by_the_next_with_a_higher_epoch(
    writer: AnyWriter, clock: ManualClock
) -> None:
    one, two = leaders(writer, clock)
    one.renew()
    clock.pass_time(s=LEASE_TTL_S + 1)

    assert not one.held()
    assert two.renew()
    assert two.epoch() == one.epoch() + 1
    assert not one.renew()


def test_a_leader_that_renews_stays(writer: AnyWriter, clock: ManualClock) -> None:
    one, two = leaders(writer, clock)
    one.renew()
    for _ in range(5):
        clock.pass_time(s=LEASE_TTL_S - 1)
        assert one.renew()

    assert not two.renew()


def test_a_leader_that_leaves_is_followed_at_once(writer: AnyWriter, clock: ManualClock) -> None:
    one, two = leaders(writer, clock)
    one.renew()

    one.release()

    assert two.renew()


def test_a_server_keeps_the_name_it_was_born_with(writer: AnyWriter, clock: ManualClock) -> None:
    now = clock.now()
    first = writer.run(lambda session: identity(session, UUID(int=5), now))
    later = writer.run(lambda session: identity(session, UUID(int=6), now))

    assert first == later == str(UUID(int=5))
