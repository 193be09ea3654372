"""A wrong tap can be undone; both facts stay."""

import pytest

from driver_app import actions
from driver_app.actions import NotSaved
from tests.driver_app.actions.a_shift import Shift, visit_id

pytestmark = pytest.mark.anyio
BAKERY = visit_id("bakery")


async def test_undo_keeps_both_facts(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())
    offered = shift.visit("bakery").undo_until_ms

    await actions.reopen_stop(shift.ctx, BAKERY)

    assert await shift.facts() == ["stop.completed", "stop.reopened"]
    assert shift.visit("bakery").state == "pending"
    assert offered == shift.ctx.now_ms() + 10_000


async def test_without_a_result_there_is_nothing_to_undo(shift: Shift) -> None:
    assert await actions.reopen_stop(shift.ctx, BAKERY) == NotSaved("state")


async def test_a_stop_can_be_completed_again_after_undo(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())
    await actions.reopen_stop(shift.ctx, BAKERY)

    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    assert shift.visit("bakery").state == "done"
