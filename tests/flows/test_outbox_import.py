"""A phone that cannot reach the office hands its outbox in as a file; nothing is doubled."""

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from driver_app import actions
from server.core.http import COOKIE
from server.facts import queries as facts
from server.people import service
from server.sync.outbox import import_outbox
from shared.ids import RunId
from tests.flows.a_day import facts_at_the_office, lock, on_the_road
from tests.flows.test_blobs import stored
from tests.helpers.photos import jpeg
from tests.helpers.world import ORIGIN, Phone, World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio


async def exported(phone: Phone) -> Path:
    answer = await actions.export_outbox(phone.ctx)
    assert isinstance(answer, actions.Exported)
    return answer.path


def taken(world: World, path: Path) -> dict[str, Any]:
    """The file handed in by the supervisor."""
    return import_outbox(world.parts, world.boss, BytesIO(path.read_bytes()))


def held(world: World) -> list[str]:
    """Why facts wait."""
    found = world.parts.reads.run(lambda s: facts.held(s, world.boss.site_id))
    return sorted(one.why for one in found)


def browser(world: World) -> httpx.AsyncClient:
    """The supervisor's browser."""
    assert world.boss.person_id is not None
    person, now = world.boss.person_id, world.clock.now()
    cookie = world.parts.writer.run(
        lambda s: service.open_session(s, world.boss.site_id, person, now=now)
    )
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app, client=("192.0.2.9", 1)), base_url=ORIGIN
    )
    client.cookies.set(COOKIE, cookie)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client


async def test_a_file_brings_facts_and_photos_of_a_phone_without_network(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.sync()
    phone.network.up = False
    photo = jpeg("proof", 3_000)
    await phone.complete(circle.visits["bakery"], photo)

    async with browser(the_world) as board:
        answer = await board.post(
            "/api/v1/imports/outbox", content=(await exported(phone)).read_bytes()
        )

    assert answer.json() == {"new": 1, "known": 1, "held": 0, "blobs": 1, "missing_blobs": []}
    assert facts_at_the_office(the_world, circle)["bakery"] == "done"
    assert stored(the_world, photo) == photo


async def test_a_file_handed_in_twice_and_before_a_later_sync_changes_nothing_more(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg("one", 2_000))
    path = await exported(phone)

    first, second = taken(the_world, path), taken(the_world, path)
    await phone.complete(circle.visits["dairy"])
    phone.network.up = True
    await phone.sync()
    third = taken(the_world, path)

    assert first["new"] > 0
    assert second == {**first, "new": 0, "known": first["new"] + first["known"]} == third
    assert facts_at_the_office(the_world, circle) == {"bakery": "done", "dairy": "done"}
    assert (await phone.standing()).counters.get("forks", 0) == 0
    assert (await phone.standing()).unsent == 0
    assert held(the_world) == []


async def test_a_file_handed_in_after_everything_was_sent_brings_nothing(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.complete(circle.visits["bakery"], jpeg())
    await phone.sync()

    answer = taken(the_world, await exported(phone))

    assert (answer["new"], answer["held"], answer["missing_blobs"]) == (0, 0, [])
    assert facts_at_the_office(the_world, circle) == {"bakery": "done"}


async def test_a_file_without_a_token_waits_until_its_phone_sends_the_same_facts(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    await phone.complete(circle.visits["bakery"], jpeg())
    keys = phone.ports.secrets
    phone.ctx.store.files.remove(phone.folder / "token")
    token = await actions.pairing.read_token(phone.ctx)
    await actions.pairing.forget_token(phone.ctx)
    answer = taken(the_world, await exported(phone))
    before = (held(the_world), facts_at_the_office(the_world, circle))

    assert token is not None
    await keys.set(actions.pairing.TOKEN_KEY, token)
    phone.network.up = True
    await phone.sync()

    assert (answer["new"], answer["held"], answer["blobs"]) == (1, 1, 1)
    assert before == (["import_unverified"], {"bakery": "none"})
    assert held(the_world) == []
    assert facts_at_the_office(the_world, circle) == {"bakery": "done"}
    assert (await phone.standing()).counters.get("forks", 0) == 0


async def test_the_file_of_a_retired_phone_is_kept_and_waits(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    await phone.complete(circle.visits["bakery"])
    lock(the_world, phone, "retired")

    answer = taken(the_world, await exported(phone))

    assert answer["held"] == 1
    assert held(the_world) == ["retired_device"]


async def test_the_file_of_a_stolen_phone_is_believed_by_nobody(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    await phone.complete(circle.visits["bakery"])
    path = await exported(phone)
    lock(the_world, phone, "stolen")

    taken(the_world, path)

    assert held(the_world) == ["import_unverified"]
    assert facts_at_the_office(the_world, circle) == {"bakery": "none"}


async def test_a_photo_that_half_arrived_is_completed_by_the_file(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("half", 100_000)
    phone.session.around.net = "cell"
    await phone.complete(circle.visits["bakery"], photo)
    phone.network.cut_patch_after = 40_000
    await phone.sync()
    phone.network.up = False

    answer = taken(the_world, await exported(phone))

    assert answer["missing_blobs"] == []
    assert stored(the_world, photo) == photo


async def test_facts_of_a_file_happened_when_the_phone_says_not_when_it_was_handed_in(
    the_world: World,
) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    await phone.sync()
    phone.network.up = False
    phone.clock.wall_ms -= 3_600_000  # its wall clock is an hour slow
    at_ms = the_world.clock.ms()
    await phone.complete(circle.visits["bakery"])
    path = await exported(phone)
    the_world.pass_time(86_400)

    taken(the_world, path)

    runs = the_world.parts.reads.run(
        lambda s: facts.facts_of_runs(s, the_world.boss.site_id, [RunId(UUID(circle.run))])
    )
    (done,) = [one for one in runs if one.event.type == "stop.completed"]
    assert abs(done.reported_ms - at_ms) < 2_000
    assert done.uncertain


async def test_the_photos_of_a_file_are_not_asked_for_again(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    phone.network.up = False
    photo = jpeg("asked", 9_000)
    await phone.complete(circle.visits["bakery"], photo)
    taken(the_world, await exported(phone))
    phone.network.up = True

    await phone.sync()

    assert f"PATCH /api/v1/blobs/{sha_of(photo)}" not in phone.network.requests
    assert (await phone.standing()).unsent_blobs == 0
