"""A site with a device and a run, and an empty place to restore into."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.app import backup_kit
from server.backup.service import Kit
from server.core.access import Principal
from server.core.http import Parts
from server.core.settings import Settings
from tests.helpers.databases import run_on, url_of
from tests.server.sync.a_device import Circle, Device, found_site, open_circle, pair_device


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As an operator gets them: `durable` follows the backup."""
    return settings.model_copy(update={"durability": "backup"})


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


@pytest.fixture
def kit(parts: Parts) -> Kit:
    """What backups need of this test's server."""
    return backup_kit(parts)


@pytest.fixture
def empty_place(
    settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Settings]:
    """Settings of an empty folder, with an empty database of the same kind."""
    folder = tmp_path / "restored"
    if settings.sqlite:
        yield Settings.read(data=folder, durability="backup")
        return
    server = request.getfixturevalue("postgres_server")
    name = f"milkrun_restored_{os.getpid()}"
    run_on(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield Settings.read(data=folder, database_url=url_of(server, name), durability="backup")
    run_on(server, f"DROP DATABASE {name} WITH (FORCE)")
