"""Facts reach the office exactly once, and the phone says so only when they did."""

import pytest

from driver_app.actions import Saved
from tests.helpers.photos import jpeg
from tests.helpers.world import World
from tests.server.sync.a_device import found_site, open_circle

pytestmark = pytest.mark.anyio


async def test_a_completed_stop_with_photo_and_signature_is_at_the_office_after_a_round(
    the_world: World,
) -> None:
    found_site(the_world.parts, the_world.boss, "bakery", "dairy")
    circle = open_circle(the_world.parts, the_world.boss, "bakery", "dairy")
    phone = await the_world.phone()
    await phone.sync()

    saved = await phone.complete(circle.visits["bakery"], jpeg(), signed=True)
    await phone.sync()

    assert isinstance(saved, Saved)
    assert phone.visit(circle.visits["bakery"]).state == "done"
    assert phone.visit(circle.visits["bakery"]).sent == "safe"
    assert phone.state.sync.word == "all"
