"""The long complaints: a day without signal, a server gone back to yesterday, a cloned phone."""

import shutil
import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from driver_app import actions
from driver_app.actions.record import Act, record
from server.sync import health
from shared.ids import RunId, VisitId
from shared.road_facts import StopDeparted
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.flows.a_round import STATIONS, open_round, serve
from tests.flows.test_blobs import stored
from tests.flows.test_complaints import at_the_office, recorded
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World

pytestmark = pytest.mark.anyio
STOPS = [f"stop {number}" for number in range(20)]
HOURS, FACTS, PHOTOS = 16, 400, 120
MINUTE_S = 60


class Watching(list[str]):
    """The requests of a phone; counts the photo parts sent while records still waited."""

    def __init__(self, phone: Phone) -> None:
        super().__init__()
        self.too_early = 0
        self._file = phone.folder / "driver.db"

    def append(self, request: str) -> None:
        super().append(request)
        if request.startswith("PATCH"):
            with closing(sqlite3.connect(self._file)) as db:
                waiting = db.execute(
                    "SELECT count(*) FROM outbox WHERE seq > "
                    "(SELECT CAST(v AS INTEGER) FROM meta WHERE k = 'acked')"
                ).fetchone()[0]
            self.too_early += bool(waiting)


async def a_day_without_signal(world: World, phone: Phone, visits: dict[str, str]) -> list[bytes]:
    """Twenty stops over sixteen hours, each with six photos and twenty records."""
    photos = []
    for name in STOPS:
        world.pass_time(HOURS * 3600 / len(STOPS))
        visit = VisitId(UUID(visits[name]))
        mine = [jpeg(f"{name} {number}", 3_000) for number in range(PHOTOS // len(STOPS))]
        photos += mine
        await actions.arrive(phone.ctx, visit)
        bodies, run = [StopDeparted()] * (FACTS // len(STOPS) - 2), phone.state.session.runs[0].id
        await record(phone.ctx, Act(bodies, run=str(run), visit=str(visit)))
        assert isinstance(await phone.complete(str(visit), *mine), actions.Saved)
        await phone.sync()  # tries, and has no signal
    return photos


@pytest.mark.timeout(120)  # five hundred files and records, each flushed to two disks
async def test_h_after_sixteen_hours_without_signal_a_bad_network_drains_all_records_first(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, *STOPS)
    await phone.sync()
    before = len(await recorded(phone))
    phone.network.up = False
    photos = await a_day_without_signal(the_world, phone, circle.visits)
    standing = await phone.standing()
    waited = (standing.unsent, standing.unsent_blobs)
    phone.network.up, phone.network.loss = True, 0.3
    phone.session.around.net = "cell"
    phone.network.requests = seen = Watching(phone)

    took_s = 0.0
    while (standing.unsent or standing.unsent_blobs) and took_s < 4 * 3600:
        wait_s = min(await phone.sync(), MINUTE_S)
        the_world.pass_time(wait_s)
        took_s += wait_s
        standing = await phone.standing()

    assert waited == (FACTS, PHOTOS)
    assert (standing.unsent, standing.unsent_blobs) == (0, 0)
    assert took_s < 2 * 3600
    assert seen.too_early == 0
    assert at_the_office(the_world) == await recorded(phone)
    assert len(at_the_office(the_world)) == before + FACTS
    assert all(stored(the_world, photo) == photo for photo in photos)
    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}


async def test_i_tablets_go_on_while_yesterdays_backup_takes_over_and_the_board_is_complete_soon(
    the_world: World,
) -> None:
    round_ = open_round(the_world)
    tablets = [await the_world.phone("Tugger 1"), await the_world.phone("Tugger 2")]
    for tablet in tablets:
        await tablet.sync()
    yesterday = the_world.back_up()
    the_world.pass_time(18 * 3600)
    first, second = tablets
    await actions.depart(first.ctx, RunId(UUID(round_.run)))
    await serve(first, round_, STATIONS[0])
    await first.sync()
    for tablet in tablets:
        tablet.network.up = False
    await serve(second, round_, STATIONS[1])
    await second.sync()
    await the_world.restore(yesterday)
    await serve(first, round_, STATIONS[2])
    for tablet in tablets:
        tablet.network.up = True

    took_s = 0.0
    while set(facts_at_the_office(the_world, round_).values()) != {"done"} and took_s < 900:
        wait_s = min([await tablet.sync() for tablet in tablets])
        the_world.pass_time(wait_s)
        took_s += wait_s

    assert set(facts_at_the_office(the_world, round_).values()) == {"done"}
    assert took_s <= 5 * MINUTE_S
    for tablet in tablets:
        for _ in range(3):
            await tablet.sync()
        assert tablet.state.session.standing == "active"
        assert (await tablet.standing()).unsent == 0


def told(world: World) -> list[dict[str, Any]]:
    """The devices page in data: every device with its judged fields."""
    settings, now_ms = world.parts.settings, world.clock.ms()
    return world.parts.reads.run(lambda s: health.told(s, world.boss, settings, now_ms))


async def test_j_two_phones_from_one_clone_both_drain_and_the_board_asks_whether_it_is_one(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy", "hotel", "school")
    await phone.sync()
    before = told(the_world)[0]["signs"]["clone"]
    shutil.copytree(phone.folder, the_world.folder / "clone")
    clone = await the_world.start(the_world.folder / "clone", seed=77, like=phone)

    for one, name in ((phone, "bakery"), (clone, "dairy"), (phone, "hotel"), (clone, "school")):
        await one.complete(circle.visits[name], jpeg(name))
        the_world.pass_time(MINUTE_S)
        for _ in range(3):
            await one.sync()

    assert set(facts_at_the_office(the_world, circle).values()) == {"done"}
    for one in (phone, clone):
        standing = await one.standing()
        assert (standing.unsent, standing.unsent_blobs) == (0, 0)
    (device,) = told(the_world)
    assert before == {"look": "good", "value": 0}
    assert device["signs"]["clone"] == {"look": "bad", "value": 1}
