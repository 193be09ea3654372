"""The board's stream: only what changed, once, in order; who falls behind begins anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from sqlmodel import Session, col, select

from server.core.http import Parts
from server.feed import service as feed
from server.runs.tables import StopVisitRow
from server.web.hub import (
    NOTHING,
    VIEWER_QUEUE,
    Batch,
    Change,
    Channel,
    Viewer,
    changes_between,
    events_of,
)
from shared.ids import RunId
from tests.helpers.pages import Board

TODAY = "today:2026-03-02"
WAIT_S = 5


def test_only_changed_keys_are_told() -> None:
    before = {"run": {"a": {"id": "a", "state": "planned", "name": "L1"}}}
    after = {"run": {"a": {"id": "a", "state": "underway", "name": "L1"}}}

    assert changes_between(before, after) == (Change("run", "a", {"id": "a", "state": "underway"}),)


def test_what_is_gone_says_so_and_what_is_new_is_whole() -> None:
    before = {"exception": {"x": {"id": "x"}}}
    after = {"exception": {"y": {"id": "y", "kind": "late"}}}

    assert changes_between(before, after) == (
        Change("exception", "x", {"id": "x", "gone": True}),
        Change("exception", "y", {"id": "y", "kind": "late"}),
    )


def test_nothing_changed_is_nothing_told() -> None:
    state = {"run": {"a": {"id": "a"}}}

    assert changes_between(state, {"run": {"a": {"id": "a"}}}) == ()


def test_changes_carry_their_revision_and_positions_none() -> None:
    batch = Batch(7, fresh=True, changes=(Change("run", "b", {}), Change("position", "a", {})))

    assert [event.data for event in events_of(batch)] == [{"rev": 7}, {}]


def test_whoever_is_cut_within_a_revision_asks_for_all_of_it_again() -> None:
    changes = (Change("run", "a", {}), Change("run", "b", {}), Change("position", "c", {}))

    fresh = events_of(Batch(7, fresh=True, changes=changes))
    repeated = events_of(Batch(7, fresh=False, changes=changes))

    assert [event.id for event in fresh] == [None, None, "7"]
    assert [event.id for event in repeated] == [None, None, None]


@pytest.mark.anyio
async def test_a_viewer_that_cannot_keep_up_is_told_to_begin_anew() -> None:
    viewer = Viewer((TODAY,))

    for number in range(VIEWER_QUEUE + 1):
        viewer.give(Batch(number, fresh=True, changes=()))

    assert viewer.overflown
    assert viewer.waiting.get_nowait() is NOTHING


@pytest.fixture
async def channel(parts: Parts, made: Board) -> AsyncIterator[Channel]:
    channel = Channel(parts, made.person)
    yield channel
    for viewer in list(channel.viewers):
        channel.leave(viewer)


@pytest.mark.anyio
async def test_a_change_in_the_database_reaches_the_viewer(
    channel: Channel, parts: Parts, made: Board
) -> None:
    viewer = Viewer((TODAY,))
    await channel.join(viewer, channel.rev)

    parts.writer.run(lambda s: _arrive(s, parts, made, made.runs["L07 Grocery north"]))
    batch = await asyncio.wait_for(viewer.waiting.get(), WAIT_S)

    stops = [change for change in batch.changes if change.kind == "stop"]
    assert [change.data["state"] for change in stops] == ["arrived"]
    assert batch.fresh


@pytest.mark.anyio
async def test_a_viewer_that_comes_back_gets_what_it_missed(
    channel: Channel, parts: Parts, made: Board
) -> None:
    first = Viewer((TODAY,))
    await channel.join(first, 0)
    known = channel.rev
    parts.writer.run(lambda s: _arrive(s, parts, made, made.runs["L07 Grocery north"]))
    await asyncio.wait_for(first.waiting.get(), WAIT_S)

    missed = await channel.join(Viewer((TODAY,)), known)

    assert missed is not None
    assert [batch.rev for batch in missed] == [channel.rev]


@pytest.mark.anyio
async def test_a_viewer_from_long_ago_must_fetch_the_snapshot(
    channel: Channel, made: Board
) -> None:
    assert made.runs

    assert await channel.join(Viewer((TODAY,)), 0) is None


@pytest.mark.anyio
async def test_the_last_viewer_puts_out_the_light(channel: Channel, made: Board) -> None:
    assert made.runs
    viewer = Viewer((TODAY,))
    await channel.join(viewer, 0)

    channel.leave(viewer)

    assert await channel.join(viewer, channel.rev) == []


def _arrive(session: Session, parts: Parts, made: Board, run_id: RunId) -> None:
    """Note an arrival at the stop that is driven to, under a new revision."""
    mine = select(StopVisitRow).where(
        col(StopVisitRow.run_id) == run_id, col(StopVisitRow.fact_state) == "en_route"
    )
    visit = session.exec(mine).one()
    visit.fact_state, visit.updated_at = "arrived", parts.clock.now()
    feed.lock(session, made.site_id, parts.clock.now())


@pytest.mark.anyio
@pytest.mark.parametrize("topics", ["weather", "today:tomorrow", "run:7", ","])
async def test_an_unknown_topic_is_refused_before_a_stream_begins(
    ada: AsyncClient, topics: str
) -> None:
    answer = await ada.get("/api/v1/board/stream", params={"topics": topics})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")


@pytest.mark.anyio
async def test_a_full_hub_lets_nobody_in(ada: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.hub.VIEWERS_MAX", 0)

    answer = await ada.get("/api/v1/board/stream", params={"topics": TODAY})

    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
