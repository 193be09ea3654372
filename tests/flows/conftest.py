"""What every flow may ask for: a world with a site, a van and a run."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.helpers.world import World, world


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as phones and server do."""
    return "asyncio"


@pytest.fixture(scope="session")
def database_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one file for the session; worlds copy it."""
    folder = tmp_path_factory.mktemp("template")
    migrate(Settings.read(data=folder))
    return folder / "milkrun.db"


@pytest.fixture
async def the_world(tmp_path: Path, database_template: Path) -> AsyncIterator[World]:
    """One server, no phones yet."""
    async with world(tmp_path, database_template) as made:
        yield made
