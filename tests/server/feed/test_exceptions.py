"""Exceptions: one open item per kind and subject; conflicts of facts need a person's tick."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal, Role
from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries, service
from server.feed.kinds import KINDS, actions, titles
from server.feed.queries import ExceptionView
from shared.ids import SiteId
from tests.helpers.clock import MONDAY_NOON
from tests.server.conftest import as_person

Raise = Callable[..., ExceptionView]
Open = Callable[[], list[ExceptionView]]


@pytest.fixture
def raise_one(writer: AnyWriter, site: SiteId) -> Raise:
    """Raise an exception about a run."""

    def raised(kind: str = "late", subject: str = "north", **detail: Any) -> ExceptionView:
        return writer.run(
            lambda s: service.raise_exception(
                s, site, kind, "run", subject, detail=detail, now=MONDAY_NOON
            )
        )

    return raised


@pytest.fixture
def close_one(writer: AnyWriter, site: SiteId) -> Callable[[str], None]:
    """The cause of an exception about a run is gone."""
    return lambda kind: writer.run(
        lambda s: service.close_exception(s, site, kind, "run", "north", now=MONDAY_NOON)
    )


@pytest.fixture
def open_ones(reads: SnapshotReads, site: SiteId) -> Open:
    """What is open."""
    return lambda: reads.run(lambda s: queries.exceptions(s, site))


def test_the_same_exception_raised_again_stands_once(raise_one: Raise, open_ones: Open) -> None:
    first = raise_one(minutes=5)

    raise_one(minutes=7)

    [item] = open_ones()
    assert (item.id, item.detail) == (first.id, {"minutes": 7})


def test_it_closes_by_itself_when_the_cause_is_gone(
    raise_one: Raise, close_one: Callable[[str], None], open_ones: Open
) -> None:
    raise_one("late")

    close_one("late")

    assert open_ones() == []


def test_a_conflict_of_facts_stays_until_a_person_ticks_it(
    raise_one: Raise, close_one: Callable[[str], None], open_ones: Open
) -> None:
    raise_one("result_conflict")

    close_one("result_conflict")

    assert [one.kind for one in open_ones()] == ["result_conflict"]


def test_it_may_come_again_after_it_was_closed(
    raise_one: Raise, close_one: Callable[[str], None], open_ones: Open
) -> None:
    first = raise_one()
    close_one("late")

    second = raise_one()

    assert first.id != second.id
    assert [one.id for one in open_ones()] == [second.id]


def test_pages_follow_exceptions_by_revision(
    raise_one: Raise, reads: SnapshotReads, site: SiteId
) -> None:
    first = raise_one(subject="a")
    second = raise_one(subject="b")

    found = reads.run(lambda s: queries.exceptions(s, site, open_only=False, above=first.rev))

    assert [one.id for one in found] == [second.id]


def test_every_kind_has_its_words() -> None:
    assert titles().keys() == actions().keys() == KINDS.keys()


@pytest.mark.anyio
async def test_a_supervisor_takes_and_settles_it(board: AsyncClient, raise_one: Raise) -> None:
    item = raise_one()
    address = f"/api/v1/exceptions/{item.id}"

    taken = (await board.post(address, json={"do": "take"})).json()
    settled = (await board.post(address, json={"do": "settle", "reason": "called"})).json()

    assert (taken["state"], settled["state"]) == ("taken", "settled")
    assert taken["owner"] == settled["owner"]
    assert (await board.get("/api/v1/exceptions")).json()["items"] == []


@pytest.mark.anyio
async def test_what_is_settled_cannot_be_taken(board: AsyncClient, raise_one: Raise) -> None:
    address = f"/api/v1/exceptions/{raise_one().id}"
    await board.post(address, json={"do": "settle"})

    answer = await board.post(address, json={"do": "take"})

    assert (answer.status_code, answer.json()["code"]) == (409, "bad_state")


@pytest.mark.anyio
async def test_a_planner_sees_exceptions_but_settles_none(
    client: AsyncClient, app: FastAPI, person: Callable[..., Principal], raise_one: Raise
) -> None:
    del client
    planner = as_person(app, person("Pat", Role.PLANNER))
    item = raise_one()

    seen = (await planner.get("/api/v1/exceptions")).json()["items"]
    answer = await planner.post(f"/api/v1/exceptions/{item.id}", json={"do": "take"})

    assert [one["title"] for one in seen] == ["Comes late"]
    assert answer.status_code == 403
