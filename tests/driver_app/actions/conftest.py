"""A driver at work, without a server: real store and acts, rows as the office sends them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.driver_app.actions.a_shift import Shift, begin_shift


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, as the app does."""
    return "asyncio"


@pytest.fixture
async def shift(tmp_path: Path) -> AsyncIterator[Shift]:
    """A road run past bakery, dairy and hotel; A. Kaya has signed in."""
    made = await begin_shift(tmp_path / "phone")
    yield made
    await made.session.end()
