"""Cards and calls on a tablet without network: every scan and tap is a fact at once."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from driver_app import actions
from driver_app.actions import NotSaved, Saved, Scanned, UnknownLabel
from driver_app.actions.run_views import overlay_run
from driver_app.state import CallView
from driver_app.store.rows import Row
from shared.ids import LocationId
from shared.plant_facts import RunMissed
from shared.scan import card_check
from tests.driver_app.actions.a_shift import RUN_ID, Shift, begin_shift, visit_id
from tests.helpers.builders import START_MS, fact, id_of, text_id

pytestmark = pytest.mark.anyio
STATION = visit_id("bakery")
PLACE = text_id("place bakery")
CARD, CALL = text_id("card"), text_id("call")
MINUTE_MS = 60_000


def card_row(name: str = "card", serial: int = 1, print_rev: int = 1) -> Row:
    plan = {"part_no": "P-118", "name": "Brackets", "station": PLACE, "serial": serial}
    return Row("card", text_id(name), "site", 3, {**plan, "print_rev": print_rev}, {})


def call_row(name: str = "call", card: str | None = None, scope: str = "site", **plan: Any) -> Row:
    given = {"part_no": "P-377", "name": "Axles", "station": PLACE, "boxes": 2, **plan}
    given |= {"card": card} if card else {}
    half = {"state": "open", "called": START_MS - MINUTE_MS}
    return Row("call", text_id(name), scope, 3, {"called": START_MS - MINUTE_MS, **given}, half)


@pytest.fixture
async def tugger(tmp_path: Path) -> AsyncIterator[Shift]:
    """A round past three stations; at the first one a card and a call of the office."""
    rows = [card_row(), card_row("second card", 2, print_rev=3), call_row()]
    made = await begin_shift(tmp_path, kind="internal", takt_s=1200, rows=rows)
    yield made
    await made.session.end()


def of_card(shift: Shift, card: str = CARD) -> CallView:
    [found] = [call for call in shift.run.calls if call.card == card]
    return found


async def last(shift: Shift) -> dict[str, Any]:
    doc: dict[str, Any] = json.loads((await shift.recorded())[-1][1])
    return doc


async def test_a_scanned_card_calls_for_its_station(tugger: Shift) -> None:
    said = await actions.scan_card(tugger.ctx, RUN_ID, "P-118 / 1", "typed")

    assert isinstance(said, Scanned)
    body = {"card": CARD, "how": "typed", "purpose": "call", "location": PLACE}
    doc = await last(tugger)
    assert (doc["type"], doc["body"]) == ("kanban.scanned", body)
    call = of_card(tugger)
    assert (call.state, call.place, call.visit) == ("open", "bakery", STATION)


async def test_a_second_scan_says_when_it_was_called_and_calls_no_more(tugger: Shift) -> None:
    await actions.scan_card(tugger.ctx, RUN_ID, CARD, "tap")
    first = of_card(tugger)

    again = await actions.scan_card(tugger.ctx, RUN_ID, CARD, "scan")

    assert isinstance(again, Scanned)
    assert again.already is not None
    assert (again.already.id, again.already.called_ms) == (first.id, first.called_ms)
    assert (of_card(tugger).id, of_card(tugger).evidence) == (first.id, 1)


async def test_an_old_printing_counts_and_asks_for_a_new_one(tugger: Shift) -> None:
    site, card = str(tugger.ctx.state.session.site), text_id("second card")
    code = f"MR1:{site}:{card}:1:{card_check(site, card, 1)}"

    said = await actions.scan_card(tugger.ctx, RUN_ID, code, "scan")

    assert isinstance(said, Scanned)
    assert said.reprint


async def test_a_code_of_our_site_counts_before_the_card_is_known_here(tugger: Shift) -> None:
    site, card = str(tugger.ctx.state.session.site), text_id("new card")
    code = f"MR1:{site}:{card}:1:{card_check(site, card, 1)}"

    said = await actions.scan_card(tugger.ctx, RUN_ID, code, "scan", visit=STATION)

    assert isinstance(said, Scanned)
    assert (await last(tugger))["body"]["location"] == PLACE
    assert isinstance(await actions.scan_card(tugger.ctx, RUN_ID, code, "scan"), UnknownLabel)


@pytest.mark.parametrize("text", ["", "P-118/9", "MR1:broken", "milkrun://pair?c=1", "Station 4"])
async def test_what_is_no_card_of_ours_is_not_recorded(tugger: Shift, text: str) -> None:
    assert isinstance(await actions.scan_card(tugger.ctx, RUN_ID, text, "scan"), UnknownLabel)
    assert await tugger.facts() == []


async def test_a_station_done_fills_its_open_calls_with_one_tap(tugger: Shift) -> None:
    await actions.scan_card(tugger.ctx, RUN_ID, CARD, "tap")

    await actions.station_done(tugger.ctx, STATION, await tugger.sheet(sheet="station"))

    delivered = dict((await last(tugger))["body"]["delivered"])
    assert delivered[of_card(tugger).id] == 1
    assert delivered[CALL] == 2
    assert {call.state for call in tugger.run.calls} == {"fulfilled"}


async def test_a_call_that_gets_no_box_stays_open(tugger: Shift) -> None:
    draft = await tugger.sheet(sheet="station")
    draft.qty[CALL] = 0

    await actions.station_done(tugger.ctx, STATION, draft)

    assert CALL not in dict((await last(tugger))["body"]["delivered"])
    assert [call.open for call in tugger.run.calls] == [True]


async def test_undoing_the_station_opens_its_calls_again(tugger: Shift) -> None:
    await actions.station_done(tugger.ctx, STATION, await tugger.sheet(sheet="station"))

    await actions.reopen_stop(tugger.ctx, STATION)

    assert [call.state for call in tugger.run.calls] == ["open"]


async def test_a_call_is_prepared_refused_and_filled(tugger: Shift) -> None:
    seen = []
    for act in (
        actions.prepare_call(tugger.ctx, RUN_ID, CALL),
        actions.refuse_call(tugger.ctx, RUN_ID, CALL, "no_stock"),
        actions.fulfil_call(tugger.ctx, RUN_ID, CALL, 1, short=1),
    ):
        assert isinstance(await act, Saved)
        [call] = tugger.run.calls
        seen.append((call.state, call.reason))

    assert seen == [("prepared", ""), ("open", "no_stock"), ("short", "no_stock")]


async def test_calls_of_other_runs_and_other_stations_are_not_listed(tugger: Shift) -> None:
    other = text_id("other run")
    await tugger.put(
        call_row("theirs", run=other),
        call_row("ours", run=str(RUN_ID)),
        call_row("elsewhere", station=text_id("far away")),
    )

    assert {call.id for call in tugger.run.calls} == {CALL, text_id("ours")}


async def test_the_most_urgent_call_comes_first(tugger: Shift) -> None:
    soon = START_MS + MINUTE_MS
    await tugger.put(call_row("soon", promised=soon), call_row("late", promised=soon + 1))

    assert [call.id for call in tugger.run.calls] == [CALL, text_id("soon"), text_id("late")]


async def test_an_own_call_is_as_urgent_as_the_office_will_say(tugger: Shift) -> None:
    fresh = card_row()
    await tugger.put(fresh._replace(plan={**fresh.plan, "lead_s": 1200}))

    await actions.scan_card(tugger.ctx, RUN_ID, CARD, "tap")

    call = of_card(tugger)
    assert call.promised_ms == call.called_ms + 1_200_000


async def test_a_count_is_on_the_shelf_until_a_newer_one(tugger: Shift) -> None:
    plan = {"station": PLACE, "part_no": "P-118"}
    half = {"boxes": 3, "counted": START_MS - 9, "n": 1}
    await tugger.put(Row("stock", text_id("stock"), "site", 3, plan, half))
    assert tugger.visit("bakery").shelf == {"P-118": 3}

    place = LocationId(id_of("place bakery"))
    await actions.count_stock(tugger.ctx, RUN_ID, place, "P-118", 1, visit=STATION)

    assert tugger.visit("bakery").shelf == {"P-118": 1}
    assert (await last(tugger))["body"] == {"location": PLACE, "item": "P-118", "qty": 1}


async def test_a_handover_names_open_and_stuck_calls(tugger: Shift) -> None:
    await actions.refuse_call(tugger.ctx, RUN_ID, CALL, "no_stock")

    await actions.hand_over(tugger.ctx, RUN_ID, "rack stuck")

    body = (await last(tugger))["body"]
    assert (body["open"], body["stuck"]) == ([CALL], [[CALL, "no_stock"]])


async def test_a_handover_of_another_shift_is_taken_over_with_a_remark(tugger: Shift) -> None:
    left = {"text": "two calls open", "by": f"driver:{text_id('Ben')}", "written": START_MS - 5}
    given = {**left, "open": [CALL], "counts": {"done": 4}}
    await tugger.put(Row("handover", text_id("left"), "site", 3, given, {}))
    [view] = tugger.run.handovers
    assert (view.text, view.open, view.counts) == ("two calls open", ("Axles",), (("done", 4),))

    await actions.take_over(tugger.ctx, RUN_ID, view.id, "ok")

    assert (await last(tugger))["body"] == {"handover": view.id, "remark": "ok"}
    assert tugger.run.handovers == ()
    assert await actions.take_over(tugger.ctx, RUN_ID, view.id) == NotSaved("gone")


@pytest.mark.parametrize("name", ["prepare_call", "refuse_call", "fulfil_call"])
async def test_a_call_that_is_gone_is_told(tugger: Shift, name: str) -> None:
    more: dict[str, tuple[Any, ...]] = {"refuse_call": ("no_stock",), "fulfil_call": (1,)}

    act = getattr(actions, name)(tugger.ctx, RUN_ID, text_id("gone"), *more.get(name, ()))

    assert await act == NotSaved("gone")


async def test_a_run_that_left_was_not_missed_whatever_was_said_before() -> None:
    """R17 on the tablet: the office knows the departure, this tablet says the run was missed."""
    missed = fact(RunMissed(reason="no_driver"), at=5)

    shown = overlay_run({"departed": START_MS + 9, "state": "underway"}, [missed], None)

    assert (shown["state"], shown.get("missed")) == ("underway", None)
    assert overlay_run({}, [missed], None)["missed"] == START_MS + 5
