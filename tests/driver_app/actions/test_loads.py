"""Scans are facts at once, count once, and unknown labels are told."""

import pytest

from driver_app import actions
from driver_app.actions import Saved, UnknownLabel
from shared.ids import EventId
from tests.driver_app.actions.a_shift import Shift, visit_id

pytestmark = pytest.mark.anyio
BAKERY = visit_id("bakery")


async def test_a_scanned_label_is_ticked_off_and_counted_once(shift: Shift) -> None:
    for label in ("bakery-1", "bakery-2", "bakery-1"):
        await actions.scan_load(shift.ctx, BAKERY, label, "scan")

    line = shift.visit("bakery").lines[0]
    assert line.scanned == ("bakery-1", "bakery-2")
    assert line.done == 2
    assert shift.run.loaded


async def test_a_label_of_another_stop_is_told_with_its_name(shift: Shift) -> None:
    answer = await actions.scan_load(shift.ctx, BAKERY, "dairy-1", "scan")

    assert answer == UnknownLabel("dairy-1", "dairy")
    assert await shift.facts() == []


async def test_add_anyway_records_the_foreign_label_without_a_line(shift: Shift) -> None:
    answer = await actions.scan_load(shift.ctx, BAKERY, "X-9", "typed", anyway=True)

    assert isinstance(answer, Saved)
    assert '"how":"typed","label":"X-9"' in (await shift.recorded())[-1][1]


async def test_a_voided_scan_is_open_again(shift: Shift) -> None:
    saved = await actions.scan_load(shift.ctx, BAKERY, "bakery-1", "scan")
    assert isinstance(saved, Saved)

    await actions.void_fact(shift.ctx, EventId(saved.ids[0]), BAKERY, "wrong box")

    assert shift.visit("bakery").lines[0].scanned == ()


async def test_a_count_corrects_the_quantity_after_the_result(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    await actions.count_line(shift.ctx, shift.visit("bakery").lines[0], 2, "damaged")

    assert shift.visit("bakery").lines[0].done == 2
    assert shift.visit("bakery").state == "done"
