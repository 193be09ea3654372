"""A store in a folder of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from driver_app.device.fakes import SeededIds
from driver_app.store.db import HereLane, Store
from tests.driver_app.store.a_store import CLOCKS


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the app does."""
    return "asyncio"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store, without threads."""
    made = Store(tmp_path / "phone", SeededIds(1).noise, writer=HereLane(), reader=HereLane())
    await made.open(CLOCKS)
    yield made
    await made.close()
