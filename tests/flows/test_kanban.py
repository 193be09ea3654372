"""Cards, calls, stock and handovers between tablets and the office, in and out of the network."""

from uuid import UUID

import pytest

from driver_app import actions
from driver_app.actions import Scanned, UnknownLabel
from driver_app.state import CallView
from server.feed import queries as feed
from server.plant import queries as plant
from server.plant.queries import lists
from server.plant.tables import HandoverRow, KanbanCallRow
from shared.ids import LocationId, RunId, VisitId
from tests.flows.a_round import PART, STATIONS, make_cards, open_round, serve
from tests.helpers.builders import id_of
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import Circle

pytestmark = pytest.mark.anyio


def the_calls(world: World) -> list[KanbanCallRow]:
    site = world.boss.site_id
    return list(world.parts.reads.run(lambda s: plant.calls(s, site, open_only=False)))


def boxes(world: World) -> int:
    [row] = world.parts.reads.run(lambda s: plant.stocks(s, world.boss.site_id))
    return row.boxes


def code(world: World, card: str) -> str:
    def read(session: object) -> str:
        row = plant.card(session, world.boss.site_id, UUID(card))  # type: ignore[arg-type]
        return str(lists.label(session, row)["code"])  # type: ignore[arg-type]

    return world.parts.reads.run(read)


def shown(tablet: Phone, round_: Circle) -> list[CallView]:
    return list(tablet.run(round_.run).calls)


async def two_tablets(world: World, round_: Circle) -> tuple[Phone, Phone]:
    """Both have the round and the cards, and no network any more."""
    first, second = await world.phone("Tugger 1"), await world.phone("Tugger 2")
    for tablet in (first, second):
        await tablet.sync()
        assert len(tablet.run(round_.run).cards) == 3
        tablet.network.up = False
    return first, second


async def back(*tablets: Phone) -> None:
    for tablet in tablets:
        tablet.network.up = True
    for tablet in (*tablets, *tablets):
        await tablet.sync()


async def test_one_card_on_two_tablets_opens_one_call(the_world: World) -> None:
    """The tablet that scanned later comes back first: its call keeps its place under a new id."""
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    first, second = await two_tablets(the_world, round_)
    run, text = RunId(UUID(round_.run)), code(the_world, card)
    await actions.scan_card(first.ctx, run, text, "scan")
    the_world.pass_time(5)
    await actions.scan_card(second.ctx, run, text, "scan")
    [early], [late] = shown(first, round_), shown(second, round_)

    await back(second, first)
    await back(second)

    [call] = the_calls(the_world)
    assert (str(call.id), call.aliases) == (early.id, [late.id])
    assert [view.id for view in shown(first, round_)] == [early.id]
    assert [view.id for view in shown(second, round_)] == [early.id]


async def test_a_late_earlier_scan_orphans_no_fulfilment(the_world: World) -> None:
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    first, second = await two_tablets(the_world, round_)
    run = RunId(UUID(round_.run))
    await actions.scan_card(first.ctx, run, card, "tap")
    the_world.pass_time(5)
    await actions.scan_card(second.ctx, run, card, "tap")
    the_world.pass_time(5)
    await serve(second, round_, STATIONS[0])
    await back(second)
    assert [call.state for call in the_calls(the_world)] == ["fulfilled"]

    await back(first)

    [call] = the_calls(the_world)
    assert (call.state, call.delivered, boxes(the_world)) == ("fulfilled", 1, 3)
    assert [view.open for view in shown(first, round_)] == [False]


async def test_two_tablets_fill_one_call(the_world: World) -> None:
    """R12: the first fills it, the second is told; stock moves once, both facts stay."""
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    first, second = await the_world.phone("Tugger 1"), await the_world.phone("Tugger 2")
    run = RunId(UUID(round_.run))
    await first.sync()
    await actions.scan_card(first.ctx, run, card, "tap")
    for tablet in (first, second):
        await tablet.sync()
        tablet.network.up = False
    [call] = shown(second, round_)
    await actions.fulfil_call(first.ctx, run, call.id, 1)
    the_world.pass_time(5)
    await actions.fulfil_call(second.ctx, run, call.id, 1)
    assert [view.mine for view in shown(second, round_)] == [True]

    await back(second, first)
    await back(second)

    [row] = the_calls(the_world)
    assert (row.state, row.delivered, row.also, boxes(the_world)) == ("fulfilled", 1, 1, 3)
    assert [view.mine for view in shown(first, round_)] == [True]
    assert [view.mine for view in shown(second, round_)] == [False]
    items = the_world.parts.reads.run(lambda s: feed.exceptions(s, the_world.boss.site_id))
    assert [item.kind for item in items if item.subject_kind == "call"] == ["over_supply"]


async def test_a_call_of_one_tablet_is_on_the_others_list_at_its_next_exchange(
    the_world: World,
) -> None:
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    first, second = await the_world.phone("Tugger 1"), await the_world.phone("Tugger 2")
    run = RunId(UUID(round_.run))
    for tablet in (first, second):
        await tablet.sync()
    await actions.scan_card(first.ctx, run, f"{PART}/1", "typed")
    await first.sync()
    await second.sync()

    [call] = shown(second, round_)
    assert (call.card, call.place, call.state) == (card, STATIONS[0], "open")
    assert call.visit == VisitId(UUID(round_.visits[STATIONS[0]]))
    again = await actions.scan_card(second.ctx, run, card, "tap")
    assert isinstance(again, Scanned)
    assert again.already is not None
    assert again.already.id == call.id


async def test_a_card_of_another_site_or_a_damaged_one_is_not_taken(the_world: World) -> None:
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    tablet = await the_world.phone("Tugger 1")
    await tablet.sync()
    run = RunId(UUID(round_.run))

    for text in (code(the_world, card)[:-1] + "?", "MR1:x:y:1:AA", "P-999/1", ""):
        assert isinstance(await actions.scan_card(tablet.ctx, run, text, "scan"), UnknownLabel)

    assert shown(tablet, round_) == []


async def test_prepared_refused_and_counted_reach_the_office(the_world: World) -> None:
    round_ = open_round(the_world)
    cards = make_cards(the_world)
    tablet = await the_world.phone("Tugger 1")
    await tablet.sync()
    run = RunId(UUID(round_.run))
    for card in cards[:2]:
        await actions.scan_card(tablet.ctx, run, card, "tap")
    one, two = shown(tablet, round_)
    await actions.prepare_call(tablet.ctx, run, one.id)
    await actions.refuse_call(tablet.ctx, run, two.id, "no_stock")
    station = LocationId(id_of(STATIONS[0]))
    await actions.count_stock(tablet.ctx, run, station, PART, 4)
    before = [(view.id, view.state, view.reason) for view in shown(tablet, round_)]
    assert tablet.visit(round_.visits[STATIONS[0]]).shelf == {PART: 4}

    await tablet.sync()

    told = {str(row.id): (row.state, row.reason) for row in the_calls(the_world)}
    assert told == {one.id: ("prepared", ""), two.id: ("open", "no_stock")}
    assert [(view.id, view.state, view.reason) for view in shown(tablet, round_)] == before
    assert tablet.visit(round_.visits[STATIONS[0]]).shelf == {PART: 4}
    assert boxes(the_world) == 4


async def test_what_a_shift_leaves_is_taken_over_once(the_world: World) -> None:
    """Written without network, read on the same tablet by the next driver, later at the office."""
    round_ = open_round(the_world)
    card = make_cards(the_world)[0]
    tablet, other = await the_world.phone("Tugger 1"), await the_world.phone("Tugger 2")
    run = RunId(UUID(round_.run))
    await tablet.sync()
    tablet.network.up = False
    await actions.scan_card(tablet.ctx, run, card, "tap")
    await actions.hand_over(tablet.ctx, run, "one rack stuck at the gate")
    assert tablet.run(round_.run).handovers == ()
    await actions.sign_out(tablet.ctx)
    the_world.pass_time(60)
    await actions.sign_in_unlisted(tablet.ctx, "B. Roth")

    [left] = tablet.run(round_.run).handovers
    assert (left.text, left.open) == ("one rack stuck at the gate", ("Brackets",))
    await actions.take_over(tablet.ctx, run, left.id, "seen")
    assert tablet.run(round_.run).handovers == ()
    await back(tablet)
    await other.sync()

    site = the_world.boss.site_id
    rows: list[HandoverRow] = list(
        the_world.parts.reads.run(lambda s: plant.handovers(s, site, only_open=False))
    )
    assert [(str(row.id), row.remark) for row in rows] == [(left.id, "seen")]
    assert other.run(round_.run).handovers == ()
