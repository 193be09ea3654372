"""Async tests run on asyncio, as the app does."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The loop of the app."""
    return "asyncio"
