"""Two replicas on a real PostgreSQL under many writers."""

import asyncio
from pathlib import Path

import pytest

from tests.helpers.databases import empty
from tests.sim.real.postgres import concurrency

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(120)]
STORM_S = 10.0


def test_two_replicas_and_many_writers_lose_and_double_nothing(
    postgres_database: str, tmp_path: Path
) -> None:
    empty(postgres_database)

    figures = asyncio.run(concurrency(postgres_database, tmp_path, STORM_S, seed=3))

    assert figures.wrong == []
    assert figures.both >= 10
    assert figures.lost >= 5
    assert figures.edits >= 5
    assert figures.facts >= 50
