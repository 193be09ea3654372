"""Photos travel in their own lane, byte by byte, and never in the way of facts."""

import pytest

from driver_app.store.blobs import BlobFolder
from shared.ids import Sha256
from tests.flows.a_day import facts_at_the_office, on_the_road
from tests.helpers.photos import jpeg
from tests.helpers.world import Phone, World
from tests.server.sync.a_device import sha_of

pytestmark = pytest.mark.anyio


def stored(world: World, content: bytes) -> bytes:
    """The file as the office has it."""
    with world.parts.blobs.read(Sha256(sha_of(content))) as file:
        return bytes(file.read())


@pytest.mark.parametrize("cut", [0, 1, 1_000, 65_535, 65_536, 99_999])
async def test_a_photo_cut_at_any_byte_resumes_after_restart(the_world: World, cut: int) -> None:
    circle, phone = await on_the_road(the_world, "bakery")
    photo = jpeg("photo", 100_000)
    phone.session.around.net = "cell"
    await phone.complete(circle.visits["bakery"], photo)
    phone.network.cut_patch_after = cut
    await phone.sync()

    again = await the_world.kill_and_reopen(phone)
    await again.sync()

    assert stored(the_world, photo) == photo
    assert (await again.standing()).unsent_blobs == 0


async def test_a_photo_never_holds_up_a_fact(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    await phone.complete(circle.visits["bakery"], jpeg("photo", 100_000))
    phone.network.cut_patch_after = 10
    await phone.sync()

    await phone.complete(circle.visits["dairy"])
    await phone.sync()

    assert facts_at_the_office(the_world, circle) == {"bakery": "done", "dairy": "done"}


async def test_one_broken_photo_blocks_nothing(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    broken, good = jpeg("broken", 5_000), jpeg("good", 5_000)
    await phone.complete(circle.visits["bakery"], broken)
    await phone.complete(circle.visits["dairy"], good)
    spoil(phone, broken)

    for _ in range(3):
        await phone.sync()

    assert stored(the_world, good) == good
    assert (await phone.standing()).unreadable == 1
    assert phone.state.sync.word == "look"


async def test_a_photo_that_vanished_is_told_and_blocks_nothing(the_world: World) -> None:
    circle, phone = await on_the_road(the_world, "bakery", "dairy")
    lost, good = jpeg("lost", 5_000), jpeg("good", 5_000)
    await phone.complete(circle.visits["bakery"], lost)
    await phone.complete(circle.visits["dairy"], good)
    folder(phone).path(sha_of(lost)).unlink()

    for _ in range(2):
        await phone.sync()

    assert stored(the_world, good) == good
    assert (await phone.standing()).unreadable == 1


def folder(phone: Phone) -> BlobFolder:
    return BlobFolder(phone.ctx.store.files, phone.ctx.store.blobs)


def spoil(phone: Phone, content: bytes) -> None:
    """One bit of a file on the phone flips."""
    path = folder(phone).path(sha_of(content))
    path.write_bytes(content[:-10] + bytes([content[-10] ^ 1]) + content[-9:])
