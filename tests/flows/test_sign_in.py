"""Nobody loses a day to a login."""

import pytest

from driver_app import actions
from tests.flows.a_day import begin
from tests.helpers.world import World

pytestmark = pytest.mark.anyio


async def test_unknown_driver_offline_can_drive(the_world: World) -> None:
    circle = begin(the_world, "bakery")
    phone = await the_world.phone(signed_in=False)
    phone.network.up = False

    answer = await actions.sign_in_unlisted(phone.ctx, "Somebody New")

    assert isinstance(answer, actions.SignedIn)
    assert phone.state.session.unlisted
    assert circle.run
