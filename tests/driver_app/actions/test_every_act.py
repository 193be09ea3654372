"""Every act: saved, tapped twice, on a full disk, on a broken one, on something that is gone."""

import sqlite3
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from driver_app import actions
from driver_app.actions import NotSaved, Saved
from shared.ids import EventId, LocationId, RunId, VisitId
from tests.driver_app.actions.a_shift import RUN_ID, Shift, visit_id
from tests.helpers.builders import text_id

pytestmark = pytest.mark.anyio
BAKERY = visit_id("bakery")
NOWHERE = VisitId(UUID(text_id("nowhere")))
PLACE = LocationId(UUID(text_id("place bakery")))
NO_RUN = RunId(UUID(text_id("no run")))
SOME_EVENT = EventId(UUID(text_id("event")))

Act = Callable[[Shift], Awaitable[object]]
AT_A_STOP: dict[str, Callable[[Shift, VisitId], Awaitable[object]]] = {
    "arrive": lambda s, v: actions.arrive(s.ctx, v),
    "start_service": lambda s, v: actions.start_service(s.ctx, v),
    "leave_stop": lambda s, v: actions.leave_stop(s.ctx, v),
    "skip_stop": lambda s, v: actions.skip_stop(s.ctx, v, "queue", return_later=True),
    "add_note": lambda s, v: actions.add_note(s.ctx, v, "gate code changed"),
    "void_fact": lambda s, v: actions.void_fact(s.ctx, SOME_EVENT, v),
    "scan_load": lambda s, v: actions.scan_load(s.ctx, v, "P-1", "scan", anyway=True),
    "take_empties": lambda s, v: actions.take_empties(s.ctx, v, "KLT-6429", "taken", 3),
    "station_missed": lambda s, v: actions.station_missed(s.ctx, v, "blocked"),
}
ON_A_RUN: dict[str, Callable[[Shift, RunId], Awaitable[object]]] = {
    "claim_run": lambda s, r: actions.claim_run(s.ctx, r),
    "start_run": lambda s, r: actions.start_run(s.ctx, r, [("load", "short")]),
    "acknowledge_plan": lambda s, r: actions.acknowledge_plan(s.ctx, r),
    "depart": lambda s, r: actions.depart(s.ctx, r),
    "return_run": lambda s, r: actions.return_run(s.ctx, r),
    "miss_run": lambda s, r: actions.miss_run(s.ctx, r, "no_driver"),
    "finish_run": lambda s, r: actions.finish_run(s.ctx, r, "all done"),
    "start_break": lambda s, r: actions.start_break(s.ctx, r),
    "count_stock": lambda s, r: actions.count_stock(s.ctx, r, PLACE, "P-1", 3),
    "hand_over": lambda s, r: actions.hand_over(s.ctx, r, "two calls open"),
    "ack_andon": lambda s, r: actions.ack_andon(s.ctx, r, text_id("andon")),
    "clear_andon": lambda s, r: actions.clear_andon(s.ctx, r, text_id("andon")),
}
OTHERS: dict[str, Act] = {
    "disrupt": lambda s: actions.disrupt(s.ctx, RUN_ID, "delay", delay_s=900),
    "raise_andon": lambda s: actions.raise_andon(s.ctx, RUN_ID, "material", visit=BAKERY),
    "count_line": lambda s: actions.count_line(s.ctx, s.visit("bakery").lines[0], 2, "short"),
    "sign_out": lambda s: actions.sign_out(s.ctx),
}


async def complete(shift: Shift) -> object:
    return await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())


async def station(shift: Shift) -> object:
    return await actions.station_done(shift.ctx, BAKERY, await shift.sheet(sheet="station"))


async def fail(shift: Shift) -> object:
    draft = await shift.sheet(sheet="problem")
    draft.reason = "closed"
    return await actions.fail_stop(shift.ctx, BAKERY, draft)


ALL: dict[str, Act] = {
    **{name: (lambda s, act=act: act(s, BAKERY)) for name, act in AT_A_STOP.items()},  # type: ignore[misc]
    **{name: (lambda s, act=act: act(s, RUN_ID)) for name, act in ON_A_RUN.items()},  # type: ignore[misc]
    **OTHERS,
    "complete_stop": complete,
    "station_done": station,
    "fail_stop": fail,
}
every_act = pytest.mark.parametrize("act", ALL.values(), ids=ALL)


@every_act
async def test_an_act_is_in_the_outbox_before_it_says_saved(shift: Shift, act: Act) -> None:
    answer = await act(shift)

    assert isinstance(answer, Saved)
    ids = await shift.ctx.store.read(lambda db: {r[0] for r in db.execute("SELECT id FROM outbox")})
    assert {str(event) for event in answer.ids} <= ids
    assert shift.kicks


@every_act
async def test_a_second_tap_while_saving_is_ignored(shift: Shift, act: Act) -> None:
    shift.ctx.busy.update({str(BAKERY), str(RUN_ID), "device"})

    answer = await act(shift)

    assert answer == NotSaved("busy")
    assert await shift.facts() == []


@every_act
async def test_a_full_disk_records_nothing_and_says_so(shift: Shift, act: Act) -> None:
    before = shift.ctx.state.sync.unsent
    shift.fail_writes(sqlite3.SQLITE_FULL)

    answer = await act(shift)

    assert answer == NotSaved("full")
    assert shift.ctx.state.session.storage_full
    assert shift.ctx.state.sync.unsent == before
    assert shift.ctx.busy == set()


@every_act
async def test_a_broken_disk_records_nothing_and_can_be_tried_again(shift: Shift, act: Act) -> None:
    shift.fail_writes(sqlite3.SQLITE_IOERR)

    answer = await act(shift)

    assert answer == NotSaved("store")
    assert shift.ctx.busy == set()


@pytest.mark.parametrize("act", AT_A_STOP.values(), ids=AT_A_STOP)
async def test_a_stop_that_is_gone_is_told(
    shift: Shift, act: Callable[[Shift, VisitId], Awaitable[object]]
) -> None:
    assert await act(shift, NOWHERE) == NotSaved("gone")


@pytest.mark.parametrize("act", ON_A_RUN.values(), ids=ON_A_RUN)
async def test_a_run_that_is_gone_is_told(
    shift: Shift, act: Callable[[Shift, RunId], Awaitable[object]]
) -> None:
    assert await act(shift, NO_RUN) == NotSaved("gone")
