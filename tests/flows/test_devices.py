"""Devices that the office takes away, and phones that were copied or rolled back."""

import shutil

import pytest

from driver_app import actions
from tests.flows.a_day import facts_at_the_office, lock, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


async def test_a_stolen_phone_shows_nothing_and_keeps_its_facts(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg())
    lock(the_world, phone, "stolen")
    phone.network.up = True

    await phone.sync()

    assert phone.state.session.standing == "stolen"
    assert phone.state.session.runs == []
    assert phone.state.session.drivers == []
    assert phone.state.session.driver_name == ""
    assert not await phone.ctx.store.read(
        lambda db: db.execute("SELECT k FROM ui_state WHERE v LIKE '%bakery%'").fetchall()
    )
    assert (await phone.standing()).unsent == 1
    assert len(list((phone.folder / "blobs").iterdir())) == 1


async def test_what_a_stolen_phone_held_arrives_after_pairing_again(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg())
    lock(the_world, phone, "stolen")
    phone.network.up = True
    await phone.sync()

    answer = await the_world.pair(phone, the_world.code())
    for _ in range(3):
        await phone.sync()

    assert isinstance(answer, actions.Paired)
    assert (await phone.standing()).unsent == 0
    assert facts_at_the_office(the_world, circle)["bakery"] == "done"


async def test_a_retired_phone_may_still_send_what_it_holds(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"], jpeg())
    lock(the_world, phone, "retired")

    await phone.sync()

    standing = await phone.standing()
    assert phone.state.session.standing == "retired"
    assert (standing.unsent, standing.unsent_blobs) == (0, 0)


async def test_a_refused_token_stops_no_recording(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    token = phone.folder / "token"
    server = await actions.paired_server(phone.ctx)
    assert server is not None
    await phone.session.worker.paired(type(server)(server.url, server.server_id, "mrd_wrong"))
    await phone.sync()

    saved = await phone.complete(circle.visits["bakery"])

    assert phone.state.session.standing == "pair_again"
    assert isinstance(saved, actions.Saved)
    assert phone.run(circle.run).name == "North"
    assert not token.exists()


async def test_a_wrong_code_is_told_and_nothing_is_lost(the_world: World) -> None:
    phone = await the_world.phone(paired=False, signed_in=False)

    answer = await the_world.pair(phone, "AAAA-AAAA")

    assert isinstance(answer, actions.NotPaired)
    assert answer.why == "bad_code"


async def test_without_a_server_pairing_says_so(the_world: World) -> None:
    phone = await the_world.phone(paired=False, signed_in=False)
    phone.network.up = False

    answer = await the_world.pair(phone, the_world.code())

    assert isinstance(answer, actions.NotPaired)
    assert answer.why == "unreachable"


async def test_a_phone_rolled_back_to_a_copy_loses_no_new_fact(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy", "hotel")
    await phone.complete(circle.visits["bakery"])
    await phone.ctx.store.run(lambda db: db.execute("SELECT 1").fetchone())
    shutil.copytree(phone.folder, the_world.folder / "copy")
    await phone.complete(circle.visits["dairy"])
    await phone.sync()

    old = await the_world.start(the_world.folder / "copy", seed=50, like=phone)
    await old.complete(circle.visits["hotel"])
    for _ in range(3):
        await old.sync()

    assert facts_at_the_office(the_world, circle) == dict.fromkeys(
        ("bakery", "dairy", "hotel"), "done"
    )
    assert (await old.standing()).unsent == 0
    assert (await old.standing()).counters["forks"] == 1


async def test_an_expired_code_is_told(the_world: World) -> None:
    phone = await the_world.phone(paired=False, signed_in=False)
    code = the_world.code()
    the_world.pass_time(601)

    answer = await the_world.pair(phone, code)

    assert isinstance(answer, actions.NotPaired)
    assert answer.why == "bad_code"
