"""Rows that become the stops of a loop."""

from datetime import time
from uuid import UUID

from server.imports.check import Checked, Stored
from server.imports.locations import Place
from server.imports.stops import Halt, StopChange
from server.imports.table import Level
from shared.site import TimeWindow
from tests.server.imports.files import checked, codes, stored

PLACES = stored(
    Place(name="Depot", ref="D"), Place(name="Alepa", ref="A"), Place(name="Lidl", ref="L"),
    Place(name="Twin", ref="T1"), Place(name="Twin", ref="T2"),
)  # fmt: skip
A, L = UUID(int=2), UUID(int=3)


def stops(text: str, *draft: Halt) -> Checked:
    return checked(text, "stops", stored=Stored(PLACES.places, draft))


def order(found: Checked) -> list[tuple[int, UUID]]:
    return [
        (one.pos, one.after.location_id) for one in found.changes if isinstance(one, StopChange)
    ]


def test_stops_come_in_the_order_of_their_positions() -> None:
    found = stops("pos,location\n2,A\n1,L\n")

    assert order(found) == [(1, L), (2, A)]
    assert found.counts == {"new": 2, "changed": 0, "same": 0, "wrong": 0, "warning": 0}


def test_without_positions_the_rows_are_the_order() -> None:
    assert order(stops("location,service_s\nL,300\nA,\n")) == [(1, L), (2, A)]


def test_windows_and_service_time_are_read() -> None:
    [change] = stops("location,window,service_s\nA,06:00-10:00;14:00-16:00,300\n").changes

    assert isinstance(change, StopChange)
    assert change.after.service_s == 300
    assert change.after.windows == (
        TimeWindow(start_local=time(6), end_local=time(10)),
        TimeWindow(start_local=time(14), end_local=time(16)),
    )


def test_a_location_may_be_called_by_a_name_only_one_has() -> None:
    assert order(stops("location\nlidl\n")) == [(1, L)]
    assert codes(stops("location\nTwin\n").findings) == ["location_ambiguous"]


def test_bad_rows_are_reported_and_the_others_stand() -> None:
    found = stops(
        "pos,location,window,service_s\n1,A,,\n1,L,,\n2,X,,\n,L,,\n3,L,noon,\n4,L,,long\n5,,,\n"
    )

    assert codes(found.findings, Level.WRONG) == [
        "key_twice", "location_unknown", "not_a_position", "window_unclear", "not_seconds",
        "location_missing",
    ]  # fmt: skip
    assert order(found) == [(1, A)]


def test_positions_with_gaps_are_numbered_through() -> None:
    found = stops("pos,location\n10,A\n20,L\n")

    assert order(found) == [(1, A), (2, L)]
    assert codes(found.findings) == ["positions_ranked"]


def test_a_repeated_file_changes_nothing() -> None:
    window = TimeWindow(start_local=time(6), end_local=time(10))
    draft = (Halt(A, (window,), 300), Halt(L, (), None))

    found = stops("pos,location,window,service_s\n10,A,06:00-10:00,300\n20,L,,\n", *draft)

    assert found.counts["same"] == 2


def test_another_location_at_a_place_is_a_change_and_the_rest_of_the_draft_stays() -> None:
    found = stops("pos,location\n1,L\n", Halt(A, (), 300), Halt(A, (), 60))

    assert found.counts["changed"] == 1
    assert codes(found.findings) == ["stops_kept"]
