"""A device with a round on it, for every test of a screen."""

from pathlib import Path

import pytest

from tests.helpers.app_stand import fill, plant, road


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def van(tmp_path: Path) -> Path:
    """A phone with a road run, somebody signed in."""
    fill(tmp_path / "van", road())
    return tmp_path / "van"


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """A tablet with a tugger's round, somebody signed in."""
    fill(tmp_path / "train", plant())
    return tmp_path / "train"
