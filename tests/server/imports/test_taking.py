"""Rows on their way into the site and back: all, some, broken off, undone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.writer import AnyWriter
from server.imports import queries, service
from server.imports.service import Edit
from server.sites import queries as sites
from server.sites import service as site_service
from shared.refusals import Refusal, refuse
from shared.site import Location
from tests.server.imports.desk import HEAD, TWO, Desk, many

GROCERY = (Path(__file__).parents[2] / "data" / "imports" / "grocery_15.csv").read_bytes()
T = TypeVar("T")


def test_an_import_broken_off_goes_on_where_it_was(desk: Desk) -> None:
    batch = desk.hand_in(HEAD + many(300))
    place = Location(kind="customer", name="Meanwhile", ref="250", lat=1.0, lon=1.0)
    row = desk.reads.run(lambda s: queries.batch(s, desk.site, UUID(batch["id"])))
    checked = service.check(desk.reads, desk.who, row)
    desk.writer.run(lambda s: site_service.add_location(s, desk.who, place, now=desk.now))
    with pytest.raises(Refusal):
        service._take(desk.writer, desk.who, row, checked, desk.clock.now)
    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 201

    done = desk.commit(batch)

    assert done["state"] == "done"
    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 300
    assert "Meanwhile" not in desk.names()


def test_all_or_nothing_takes_nothing_when_a_row_is_wrong(desk: Desk) -> None:
    batch = desk.hand_in(TWO + b"3,,Lane 3,51.3,12.3\n")

    with pytest.raises(Refusal) as refused:
        desk.commit(batch, all_or_nothing=True)

    assert "Some rows are wrong" in refused.value.sentence()
    assert desk.names() == []


class FailingWriter:
    """A writer whose disk is full from the n-th work on, for a while."""

    def __init__(self, inner: AnyWriter, fails_at: int) -> None:
        self.inner = inner
        self.fails_at = fails_at
        self.works = 0

    def run(self, work: Callable[[Session], T]) -> T:
        self.works += 1
        if self.works == self.fails_at:
            raise refuse("server_full")
        return self.inner.run(work)


@pytest.mark.parametrize(("whole", "left"), [(True, 0), (False, 200)])
def test_a_failure_on_the_way_undoes_all_or_leaves_what_is_done(
    desk: Desk, *, whole: bool, left: int
) -> None:
    batch = desk.hand_in(HEAD + many(300))
    begin, first, second = 1, 2, 3
    assert begin < first < second
    failing = FailingWriter(desk.writer, second)
    key = UUID(batch["id"])

    with pytest.raises(Refusal):
        service.commit(
            desk.reads, failing, desk.who, key, all_or_nothing=whole, clock=desk.clock.now
        )

    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == left
    assert desk.commit(batch)["state"] == "done"
    assert desk.reads.run(lambda s: sites.count_locations(s, desk.site)) == 300


def test_hours_and_telephone_of_a_known_place_are_changed_and_come_back(desk: Desk) -> None:
    head = b"ref,name,address,phone,opening_hours\n"
    desk.commit(desk.hand_in(head + b"1,A,Lane 1,123,Mo-Fr 08:00-17:00\n"))

    batch = desk.commit(desk.hand_in(head + b"1,A,Lane 1,456,Sa 09:00-12:00\n"))
    [changed] = desk.reads.run(lambda s: sites.page(s, desk.site))
    desk.undo(batch)

    [restored] = desk.reads.run(lambda s: sites.page(s, desk.site))
    assert changed.contact is not None
    assert restored.contact is not None
    assert (changed.contact["phone"], changed.windows[0]["days"]) == ("456", 1 << 5)
    assert (restored.contact["phone"], restored.windows[0]["days"]) == ("123", 0b11111)


@pytest.mark.parametrize("state", ["commit", "undo", "correct"])
def test_what_was_taken_back_is_over(desk: Desk, state: str) -> None:
    batch = desk.undo(desk.commit(desk.hand_in(TWO)))
    again: dict[str, Callable[[dict[str, Any]], object]] = {
        "commit": desk.commit,
        "undo": desk.undo,
        "correct": lambda one: desk.correct(one, Edit()),
    }

    with pytest.raises(Refusal) as refused:
        again[state](batch)

    assert refused.value.code == "bad_state"


def test_two_who_take_one_import_over_do_not_meet(desk: Desk) -> None:
    batch = desk.hand_in(TWO)
    service._begin(desk.writer, desk.who, UUID(batch["id"]), desk.now)

    with pytest.raises(Refusal) as refused:
        desk.commit(batch)
    desk.clock.pass_time(s=61)
    done = desk.commit(batch)

    assert "already" in refused.value.sentence()
    assert done["state"] == "done"


def test_undoing_removes_what_was_new_and_restores_what_was_changed(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    batch = desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Road 7") + b"3,C,Lane 3,51.3,12.3\n"))

    undone = desk.undo(batch)

    assert undone["state"] == "undone"
    assert desk.names() == ["A", "B"]
    assert desk.hand_in(TWO)["counts"]["same"] == 2


def test_an_import_whose_places_are_used_is_not_undone(desk: Desk) -> None:
    batch = desk.commit(desk.hand_in(GROCERY))
    desk.loop("GRO")
    desk.commit(desk.hand_in(GROCERY, "stops", loop="GRO"))

    with pytest.raises(Refusal) as refused:
        desk.undo(batch)

    assert "GRO" in refused.value.sentence()
    assert len(desk.names()) == 15


def test_a_place_changed_since_is_not_undone(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    batch = desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Road 7")))
    desk.commit(desk.hand_in(TWO.replace(b"Lane 2", b"Alley 8")))

    with pytest.raises(Refusal):
        desk.undo(batch)


def test_stops_that_were_taken_over_can_be_taken_back(desk: Desk) -> None:
    desk.commit(desk.hand_in(TWO))
    loop = desk.loop("L1")
    desk.commit(desk.hand_in(b"pos,location\n1,1\n", "stops", loop="L1"))
    batch = desk.commit(desk.hand_in(b"pos,location\n1,2\n2,1\n", "stops", loop="L1"))
    assert desk.stops(loop) == ["B", "A"]

    desk.undo(batch)

    assert desk.stops(loop) == ["A"]
