"""Facts reach the office exactly once, and the phone says so only when they did."""

import pytest

from driver_app.actions import Saved
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


async def test_a_completed_stop_with_photo_and_signature_is_at_the_office_after_a_round(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")

    saved = await phone.complete(circle.visits["bakery"], jpeg(), signed=True)
    await phone.sync()

    assert isinstance(saved, Saved)
    assert phone.visit(circle.visits["bakery"]).state == "done"
    assert phone.visit(circle.visits["bakery"]).sent == "office"
    assert phone.state.sync.word == "all"
    assert facts_at_the_office(the_world, circle) == {"bakery": "done", "dairy": "none"}


async def test_a_completed_stop_is_safe_after_the_next_backup(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"], jpeg())
    await phone.sync()
    before = phone.visit(circle.visits["bakery"]).sent

    the_world.back_up()
    await phone.sync()

    assert (before, phone.visit(circle.visits["bakery"]).sent) == ("office", "safe")
    assert phone.state.sync.unsafe == 0


async def test_sent_is_shown_only_for_facts_the_server_holds(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"])

    await phone.sync()
    before = phone.visit(circle.visits["bakery"]).sent
    phone.network.up = True
    await phone.sync()

    assert before == "phone"
    assert phone.visit(circle.visits["bakery"]).sent == "office"


async def test_a_lost_answer_makes_no_second_delivery(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"])
    phone.network.lose_answers = 3

    for _ in range(4):
        await phone.sync()

    assert (await phone.standing()).unsent == 0
    assert phone.visit(circle.visits["bakery"]).result is not None
    row = await phone.ctx.store.read(
        lambda db: db.execute(
            "SELECT fact FROM ent WHERE kind = 'stop' AND fact LIKE '%done%'"
        ).fetchone()[0]
    )
    assert '"n":1' in row


async def test_the_page_of_a_captive_portal_is_no_receipt(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"])
    phone.network.portal = True

    await phone.sync()

    assert (await phone.standing()).unsent == 1
    assert phone.state.sync.error == "garbled"


async def test_a_result_shown_never_flickers_while_it_travels(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    visit = circle.visits["bakery"]
    await phone.complete(visit)
    states = [phone.visit(visit).state]

    for _ in range(3):
        await phone.sync()
        states.append(phone.visit(visit).state)

    assert states == ["done"] * 4


async def test_an_undone_result_is_open_again_on_both_sides(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    visit = circle.visits["bakery"]
    await phone.complete(visit)
    await phone.sync()

    await phone.reopen(visit)
    shown = (phone.visit(visit).state, phone.visit(visit).checking)
    await phone.sync()

    assert shown == ("pending", True)
    assert phone.visit(visit).state == "pending"
    assert facts_at_the_office(the_world, circle) == {"bakery": "none"}
