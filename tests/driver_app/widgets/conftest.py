"""Widgets are drawn in a session of their own."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
