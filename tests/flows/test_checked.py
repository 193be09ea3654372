""" "All safe" is said only of files whose digest the server has just found in its own bytes."""

from pathlib import Path

import pytest

from driver_app import actions
from driver_app.sync.verify import Checked
from tests.flows.a_day import on_the_road
from tests.flows.test_blobs import spoil, stored
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio


def at_the_server(world: World, content: bytes) -> Path:
    sha = sha_of(content)
    return world.parts.settings.data / "blobs" / sha[:2] / sha


async def delivered(world: World, photo: bytes) -> Phone:
    circle, phone = await on_the_road(world, "bakery")
    await phone.complete(circle.visits["bakery"], photo)
    await phone.sync()
    return phone


async def test_a_byte_flipped_at_the_server_is_told_and_heals(the_world: World) -> None:
    photo = jpeg("proof", 3_000)
    phone = await delivered(the_world, photo)
    path = at_the_server(the_world, photo)
    path.write_bytes(photo[:-5] + bytes([photo[-5] ^ 1]) + photo[-4:])

    said = await actions.check_all(phone.ctx)
    await phone.sync()
    healed = await actions.check_all(phone.ctx)

    assert said == Checked(records=2, files=1, unsent=0, missing=1)
    assert phone.state.sync.word == "all"
    assert stored(the_world, photo) == photo
    assert healed is not None
    assert (healed.whole, healed.files) == (True, 1)
    assert (path.parents[1] / "damaged" / sha_of(photo)).exists()


async def test_a_file_deleted_at_the_server_is_told_and_heals(the_world: World) -> None:
    photo = jpeg("proof", 3_000)
    phone = await delivered(the_world, photo)
    at_the_server(the_world, photo).unlink()

    said = await actions.check_all(phone.ctx)
    shown = phone.state.sync.word
    await phone.sync()

    assert said is not None
    assert (said.whole, said.missing) == (False, 1)
    assert shown == "waiting"
    assert stored(the_world, photo) == photo


async def test_an_answer_without_a_digest_is_no_confirmation(the_world: World) -> None:
    phone = await delivered(the_world, jpeg("proof", 3_000))
    phone.network.strip = "Repr-Digest"

    said = await actions.check_all(phone.ctx)

    assert said is not None
    assert not said.whole


async def test_a_photo_nobody_can_read_any_more_is_never_called_safe(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("broken", 5_000)
    await phone.complete(circle.visits["bakery"], photo)
    spoil(phone, photo)
    for _ in range(3):
        await phone.sync()

    said = await actions.check_all(phone.ctx)

    assert said is not None
    assert (said.whole, said.lost) == (False, 1)
