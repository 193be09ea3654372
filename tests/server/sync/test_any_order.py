"""The same facts give the same rows, however they arrive (trust.md I4)."""

import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.core.http import Parts
from shared.events import Event, LoadScanned, ProofAdded, StopFailed, StopReopened
from shared.ids import SiteId
from shared.run import fold_visit
from tests.helpers.builders import arrived, completed, fact, text_id
from tests.server.sync.a_crew import Hand, a_crew, facts_of_stops, of_visit
from tests.server.sync.a_device import Circle

_sites = itertools.count(1)
SENDS = st.tuples(st.integers(0, 1), st.integers(1, 4), st.booleans())


def a_day(circle: Circle) -> list[Event]:
    """What two people did at two stops: deliveries, a failure, an undo, scans."""
    bakery: dict[str, Any] = {"run": circle.run, "visit": circle.visits["bakery"]}
    dairy: dict[str, Any] = {"run": circle.run, "visit": circle.visits["dairy"]}
    closed = StopFailed.model_validate(
        {"reason": "closed", "proof": {"kind": "failure", "method": "none"}, "attempt": 1}
    )
    scan = LoadScanned.model_validate(
        {"label": "P-1", "how": "scan", "dir": "unload", "line": text_id("l"), "qty": 1,
         "damaged": False}
    )  # fmt: skip
    first, second = completed(30, {"l": 3}, **bakery), completed(60, **dairy)
    return [
        arrived(10, **bakery),
        fact(closed, at=20, **bakery),
        first,
        fact(scan, at=25, **bakery),
        fact(scan, at=26, **bakery),
        arrived(50, **dairy),
        second,
        fact(StopReopened(undo=second.id), at=70, **dairy),
        fact(ProofAdded(result=first.id), at=80, **bakery),
    ]


def deal(hands: Sequence[Hand], events: Sequence[Event], owners: Sequence[int]) -> None:
    """Let the devices record the facts; owner 2 means both have it."""
    for event, owner in zip(events, owners, strict=True):
        for number, hand in enumerate(hands):
            if owner in (number, 2):
                hand.stream.record(event)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(range(9)),
    owners=st.lists(st.integers(0, 2), min_size=9, max_size=9),
    sends=st.lists(SENDS, max_size=8),
)
def test_any_order_batching_and_duplication_gives_the_same_rows(
    parts: Parts, order: list[int], owners: list[int], sends: list[tuple[int, int, bool]]
) -> None:
    site = SiteId(UUID(int=0x01900000_0000_7000_8000_000000001000 + next(_sites)))
    circle, hands = a_crew(parts, site, 2)
    events = a_day(circle)
    deal(hands, [events[place] for place in order], owners)

    for number, count, lost in sends:
        hands[number].send(count, lost=lost)
    for hand in hands:
        hand.drain()

    for visit, half in facts_of_stops(parts, site, list(circle.visits.values())).items():
        assert half == fold_visit(of_visit(events, visit)).half()
