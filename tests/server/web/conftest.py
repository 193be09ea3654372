"""A board with a day half done, on SQLite: pages hold no SQL, so one database is enough."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copy

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from server.core.http import Parts
from server.core.settings import Settings
from tests.helpers.pages import Board, make_board
from tests.server.conftest import as_person


@pytest.fixture
def settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    copy(sqlite_template, tmp_path / "milkrun.db")
    return Settings.read(data=tmp_path, driver_app="")


@pytest.fixture
def made(parts: Parts) -> Board:
    return make_board(parts)


@pytest.fixture
async def ada(client: AsyncClient, app: FastAPI, made: Board) -> AsyncIterator[AsyncClient]:
    del client
    async with as_person(app, made.person) as browser:
        browser.headers["Accept"] = "text/html"
        yield browser
