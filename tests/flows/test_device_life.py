"""What happens to a phone in its life: forgotten, re-installed, refused, copied, taken away."""

import shutil

import pytest

from driver_app import actions
from driver_app.store import meta, outbox, positions
from driver_app.store.positions import Fixed
from shared.ids import RunId
from tests.flows.a_day import facts_at_the_office, lock, on_the_road
from tests.flows.test_blobs import stored
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World

pytestmark = pytest.mark.anyio
DAY_S = 86_400


async def stream_of(phone: Phone) -> str:
    return (await phone.standing()).stream


async def drained(phone: Phone, rounds: int = 6) -> None:
    for _ in range(rounds):
        await phone.sync()
    standing = await phone.standing()
    assert (standing.unsent, standing.unsent_blobs) == (0, 0)


async def test_two_weeks_without_contact_wipe_the_plan_but_no_fact(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    the_world.pass_time(15 * DAY_S)

    again = await the_world.kill_and_reopen(phone)

    assert again.state.session.runs == []
    assert again.state.session.device_id
    again.network.up = True
    await again.sync()
    assert again.run(circle.run).name == "North"


async def test_a_tablet_that_is_never_restarted_forgets_the_plan_as_well(
    the_world: World,
) -> None:
    _circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    the_world.pass_time(15 * DAY_S)

    await phone.sync()

    assert phone.state.session.runs == []


async def test_a_run_under_way_outlives_two_weeks_without_contact(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    await actions.start_run(phone.ctx, RunId(phone.run(circle.run).id))
    the_world.pass_time(15 * DAY_S)

    again = await the_world.kill_and_reopen(phone)

    assert again.run(circle.run).name == "North"
    assert (await again.standing()).unsent > 0


async def test_a_token_refused_in_mid_shift_costs_one_pairing_and_nothing_else(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    before = (await stream_of(phone), phone.state.session.device_id)
    server = await actions.paired_server(phone.ctx)
    assert server is not None
    await phone.session.worker.paired(type(server)(server.url, server.server_id, "mrd_expired"))
    photo = jpeg("in between", 9_000)
    await phone.sync()
    shown = phone.state.session.standing

    await phone.complete(circle.visits["bakery"], photo)
    driver = phone.state.session.driver_name
    answer = await the_world.pair(phone, the_world.code())
    await drained(phone)

    assert shown == "pair_again"
    assert isinstance(answer, actions.Paired)
    assert phone.state.session.standing == "active"
    assert (await stream_of(phone), phone.state.session.device_id) == before
    assert (phone.state.session.driver_name, driver) == ("A. Kaya", "A. Kaya")
    assert facts_at_the_office(the_world, circle)["bakery"] == "done"
    assert stored(the_world, photo) == photo


async def test_a_reinstalled_app_begins_a_device_and_a_stream_of_its_own(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.complete(circle.visits["bakery"])
    await phone.sync()
    before = (await stream_of(phone), phone.state.session.device_id)
    await phone.close()
    shutil.rmtree(phone.folder)

    fresh = await the_world.phone()
    await fresh.sync()
    await fresh.complete(circle.visits["dairy"])
    await drained(fresh)

    after = (await stream_of(fresh), fresh.state.session.device_id)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert facts_at_the_office(the_world, circle) == {"bakery": "done", "dairy": "done"}
    assert fresh.visit(circle.visits["bakery"]).state == "done"


async def test_a_phone_whose_log_file_vanished_loses_no_new_fact(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy", "hotel")
    await phone.complete(circle.visits["bakery"])
    await phone.sync()
    older = the_world.folder / "older"
    shutil.copytree(phone.folder, older)
    await phone.complete(circle.visits["dairy"])
    await phone.sync()
    shutil.copytree(older, phone.folder, dirs_exist_ok=True)

    again = await the_world.kill_and_reopen(phone)
    await again.complete(circle.visits["hotel"])
    await drained(again)

    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}


async def test_a_retired_phone_keeps_its_rows_until_everything_is_safe(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("late", 200_000)
    phone.session.around.net = "cell"
    await phone.complete(circle.visits["bakery"], photo)
    lock(the_world, phone, "retired")
    phone.network.cut_patch_after = 10
    await phone.sync()
    half_way = [run.name for run in phone.state.session.runs]
    await drained(phone)
    sent = [run.name for run in phone.state.session.runs]
    the_world.back_up()
    await phone.sync()

    assert half_way == sent == ["North"]
    assert phone.state.session.runs == []
    assert len(await phone.ctx.store.read(lambda db: outbox.batch(db, 0, 99, 10**9))) == 2
    assert stored(the_world, photo) == photo


async def test_a_stolen_phone_forgets_where_it_was_and_its_token_but_no_photo(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    photo = jpeg("kept", 4_000)
    await phone.complete(circle.visits["bakery"], photo)
    fixed = Fixed(the_world.clock.ms(), circle.run, 1, 2, 5)
    await phone.ctx.store.run(lambda db: positions.put(db, fixed))
    lock(the_world, phone, "stolen")
    phone.network.up = True

    await phone.sync()

    assert await actions.pairing.read_token(phone.ctx) is None
    assert await phone.ctx.store.read(lambda db: db.execute("SELECT * FROM fix").fetchall()) == []
    assert (await phone.standing()).unsent == 1
    assert [p.read_bytes() for p in (phone.folder / "blobs").iterdir()] == [photo]


async def test_a_phone_may_change_its_office_once_a_file_holds_what_is_unsent(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"])
    await phone.ctx.store.run(lambda db: meta.put(db, "server_id", "another office"))
    phone.network.up = True

    refused = await the_world.pair(phone, the_world.code())
    await actions.export_outbox(phone.ctx)
    taken = await the_world.pair(phone, the_world.code())

    assert isinstance(refused, actions.NotPaired)
    assert refused.why == "unsent"
    assert isinstance(taken, actions.Paired)


async def test_only_the_newest_export_stays_on_the_phone(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"])
    await actions.export_outbox(phone.ctx)
    the_world.pass_time(60)

    second = await actions.export_outbox(phone.ctx)

    assert isinstance(second, actions.Exported)
    assert list((phone.folder / "exports").iterdir()) == [second.path]
