"""What the screens show of a run: expected times, next stop, breaks, takt."""

from pathlib import Path

import pytest

from driver_app import actions
from driver_app.device.ports import Spot
from driver_app.state import TaktView, tick
from shared.ids import VisitId
from tests.driver_app.actions.a_shift import RUN_ID, Shift, begin_shift, visit_id
from tests.helpers.builders import START_MS
from tests.helpers.device_rows import stop_row

pytestmark = pytest.mark.anyio
MINUTE = 60_000
BAKERY = visit_id("bakery")


def minutes(shift: Shift, name: str) -> int:
    """Expected arrival, in minutes after the start."""
    expected = shift.visit(name).expected_ms
    assert expected is not None
    return (expected - START_MS) // MINUTE


async def test_before_leaving_the_plan_is_expected(shift: Shift) -> None:
    assert [minutes(shift, name) for name in ("bakery", "dairy", "hotel")] == [10, 25, 40]
    assert shift.run.expected_return_ms == START_MS + 55 * MINUTE


async def test_expected_time_moves_on_offline(shift: Shift) -> None:
    await actions.start_run(shift.ctx, RUN_ID)
    await actions.depart(shift.ctx, RUN_ID)
    shift.clock.step(30 * MINUTE)

    await actions.tick(shift.ctx)

    assert [minutes(shift, name) for name in ("bakery", "dairy", "hotel")] == [30, 45, 60]
    assert shift.run.delay_s == 20 * 60
    assert shift.visit("bakery").expected_made_ms == START_MS + 30 * MINUTE


async def test_a_finished_stop_moves_the_others(shift: Shift) -> None:
    await actions.depart(shift.ctx, RUN_ID)
    shift.clock.step(20 * MINUTE)

    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    assert minutes(shift, "dairy") == 30
    assert shift.run.done == 1
    assert shift.run.next_visit == visit_id("dairy")
    assert shift.visit("bakery").expected_ms is None


async def test_a_told_delay_moves_all_estimates_at_once(shift: Shift) -> None:
    await actions.disrupt(shift.ctx, RUN_ID, "delay", delay_s=30 * 60)

    assert [minutes(shift, name) for name in ("bakery", "dairy", "hotel")] == [40, 55, 70]


async def test_waiting_for_a_window_absorbs_delay(shift: Shift) -> None:
    opens = START_MS + 35 * MINUTE
    await shift.put(stop_row("dairy", 2, windows=[[opens, opens + 60 * MINUTE]]))

    assert minutes(shift, "hotel") == 50


async def test_a_stop_after_its_window_is_late(shift: Shift) -> None:
    await shift.put(stop_row("dairy", 2, windows=[[START_MS, START_MS + 20 * MINUTE]]))

    assert shift.visit("dairy").late_s == 5 * 60


async def test_the_range_grows_with_the_way_and_holds_the_middle(shift: Shift) -> None:
    widths = []
    for name in ("bakery", "dairy", "hotel"):
        view = shift.visit(name)
        assert view.expected_low_ms is not None
        assert view.expected_high_ms is not None
        widths.append(view.expected_high_ms - view.expected_low_ms)

    assert 0 < widths[0] < widths[1] < widths[2]


async def test_the_stop_being_served_is_the_next_one(shift: Shift) -> None:
    await actions.arrive(shift.ctx, visit_id("dairy"))

    assert shift.run.next_visit == visit_id("dairy")
    assert shift.visit("dairy").state == "arrived"


async def test_objects_stay_the_same_when_a_row_changes(shift: Shift) -> None:
    run, visit, line = shift.run, shift.visit("bakery"), shift.visit("bakery").lines[0]
    changed: list[str | None] = []
    other = shift.visit("dairy")
    dispose = other.subscribe(keep := lambda _sender, name: changed.append(name))

    await actions.arrive(shift.ctx, BAKERY)

    assert shift.run is run
    assert shift.visit("bakery") is visit
    assert shift.visit("bakery").lines[0] is line
    assert set(changed) <= {"expected_ms", "expected_low_ms", "expected_high_ms"}
    dispose()
    assert keep is not None


async def test_a_break_is_shown_until_it_ends(shift: Shift) -> None:
    await actions.start_run(shift.ctx, RUN_ID)
    await actions.start_break(shift.ctx, RUN_ID)
    resting = (shift.run.break_started is not None, shift.run.position_on)

    await actions.end_break(shift.ctx, RUN_ID)

    assert resting == (True, False)
    assert (shift.run.break_started, shift.run.position_on) == (None, True)


async def test_the_position_stream_follows_the_run(shift: Shift) -> None:
    before = shift.location.listener
    await actions.start_run(shift.ctx, RUN_ID)
    await shift.settled()
    during = shift.location.listener
    await actions.finish_run(shift.ctx, RUN_ID)
    await shift.settled()

    assert before is None
    assert during is not None
    assert shift.location.listener is None


async def test_a_fix_from_a_phone_that_may_not_be_followed_is_not_kept(shift: Shift) -> None:
    await actions.start_run(shift.ctx, RUN_ID)
    await shift.settled()
    listener = shift.location.listener
    assert listener is not None
    await actions.finish_run(shift.ctx, RUN_ID)

    listener(Spot(shift.clock.mono_ms, 5, 48.1, 11.5))

    assert shift.ctx.track.newest is None


async def test_a_tugger_counts_down_to_its_departure_then_to_its_stations(tmp_path: Path) -> None:
    shift = await begin_shift(tmp_path, kind="internal", takt_s=1200, cycle_no=7)
    takt = shift.run.takt
    assert takt is not None
    at_home = takt.leave_at_ms

    await actions.depart(shift.ctx, RUN_ID)

    assert (at_home, takt.cycle_no) == (START_MS, 7)
    assert shift.run.takt is takt
    assert takt.leave_at_ms == shift.visit("bakery").planned_arrival_ms
    assert await shift.facts() == ["run.started", "run.departed"]
    await shift.session.end()


@pytest.mark.parametrize(
    ("left_s", "word"), [(600, "on_takt"), (120, "hurry"), (0, "hurry"), (-1, "late")]
)
def test_the_countdown_has_a_word(left_s: int, word: str) -> None:
    takt = TaktView(leave_at_ms=left_s * 1000, takt_s=1200)

    tick(takt, 0)

    assert (takt.left_s, takt.word) == (left_s, word)


async def test_a_stop_kept_off_plan_is_shown(shift: Shift) -> None:
    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    await shift.put(stop_row("bakery", 1, state="cancelled"))

    assert (shift.visit("bakery").state, shift.visit("bakery").off_plan) == ("done", True)


async def test_an_unknown_visit_is_no_accident(shift: Shift) -> None:
    assert shift.ctx.state.session.visit(VisitId(visit_id("nowhere"))) is None


async def test_a_spoilt_fact_hides_no_other(shift: Shift) -> None:
    spoilt = f"INSERT INTO outbox SELECT max(seq) + 1, '{BAKERY}', 'no JSON', '' FROM outbox"
    await actions.depart(shift.ctx, RUN_ID)
    await shift.ctx.store.run(lambda db: db.execute(spoilt))

    await actions.complete_stop(shift.ctx, BAKERY, await shift.sheet())

    assert shift.visit("bakery").state == "done"
    assert shift.run.done == 1
