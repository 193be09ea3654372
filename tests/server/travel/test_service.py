"""Legs and matrices: what the cache knows, and what is estimated at once."""

from server.core.writer import AnyWriter
from server.travel import service
from server.travel.rules import estimate
from shared.geo import Point
from shared.ids import SiteId
from tests.helpers.clock import ManualClock

A, B, C = (Point(lat=60.17 + n / 50, lon=24.94) for n in range(3))


def keep(writer: AnyWriter, site: SiteId, clock: ManualClock, source: str, seconds: int) -> None:
    writer.run(
        lambda session: service.remember(
            session,
            site,
            "van",
            {(A, B): (seconds, 5_000)},
            source=source,
            graph_version=f"{source}-1",
            now=clock.now(),
        )
    )


def test_unknown_legs_are_estimated_at_once(writer: AnyWriter, site: SiteId) -> None:
    found = writer.run(lambda session: service.legs(session, site, [A, B, C, A], "van"))

    assert found == [estimate(A, B, "van"), estimate(B, C, "van"), estimate(C, A, "van")]


def test_a_known_leg_is_used_the_learned_one_first(
    writer: AnyWriter, site: SiteId, clock: ManualClock
) -> None:
    keep(writer, site, clock, "router", 400)
    keep(writer, site, clock, "learned", 500)

    found = writer.run(lambda session: service.legs(session, site, [A, B], "van"))

    assert found == [(500, 5_000)]


def test_a_leg_of_the_same_graph_is_never_overwritten(
    writer: AnyWriter, site: SiteId, clock: ManualClock
) -> None:
    keep(writer, site, clock, "router", 400)
    keep(writer, site, clock, "router", 999)

    assert writer.run(lambda s: service.legs(s, site, [A, B], "van")) == [(400, 5_000)]


def test_a_matrix_takes_given_legs_then_known_ones_then_estimates(
    writer: AnyWriter, site: SiteId, clock: ManualClock
) -> None:
    keep(writer, site, clock, "router", 400)

    seconds, metres = writer.run(
        lambda s: service.matrix(s, site, [A, B, C], "van", given={(1, 2): (77, 88)})
    )

    assert (seconds[0][1], metres[0][1]) == (400, 5_000)
    assert (seconds[1][2], metres[1][2]) == (77, 88)
    assert abs(seconds[2][0] - estimate(C, A, "van")[0]) <= 1
    assert [seconds[n][n] for n in range(3)] == [0, 0, 0]
