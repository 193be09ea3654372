"""A site with two places, a device in the van, and a run it drives."""

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.access import Principal
from server.core.http import Parts
from tests.server.sync.a_device import Circle, Device, found_site, open_circle, pair_device


@pytest.fixture
async def van(client: AsyncClient, app: FastAPI, parts: Parts, supervisor: Principal) -> Device:
    """A device in the van, in a site with two places."""
    del client
    found_site(parts, supervisor, "bakery", "dairy")
    return await pair_device(app, supervisor)


@pytest.fixture
async def circle(van: Device, parts: Parts, supervisor: Principal) -> Circle:
    """A dispatched run past bakery and dairy, known to the device."""
    circle = open_circle(parts, supervisor, "bakery", "dairy")
    await van.exchange()
    return circle
