"""Two replicas on a real PostgreSQL under many writers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.databases import empty
from tests.sim.planted.in_the_feed import BUGS
from tests.sim.real.feed import feed_proof
from tests.sim.real.postgres import concurrency

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
STORM_S, FEED_S, FOLD_S = 10.0, 6.0, 5.0


def test_two_replicas_and_many_writers_lose_and_double_nothing(
    postgres_database: str, tmp_path: Path
) -> None:
    empty(postgres_database)

    figures = asyncio.run(concurrency(postgres_database, tmp_path, STORM_S, seed=3))

    assert figures.wrong == []
    assert figures.both >= 10
    assert figures.lost >= 3
    assert figures.edits >= 1
    assert figures.facts >= 20


def test_readers_of_the_feed_miss_no_row_of_many_writers(postgres_database: str) -> None:
    empty(postgres_database)

    figures = feed_proof(postgres_database, seconds=4)

    assert figures.missed == 0
    assert figures.commits >= 100
    assert figures.rolled_back >= 3


def test_a_revision_from_a_sequence_is_caught(postgres_database: str) -> None:
    """Planted bug 33, to be caught within six seconds."""
    empty(postgres_database)

    with planted(33):
        assert feed_proof(postgres_database, seconds=FEED_S).missed > 0


def test_folding_before_the_lock_is_caught(postgres_database: str, tmp_path: Path) -> None:
    """Planted bug 34, to be caught within a minute."""
    with planted(34):
        for turn in range(round(60 / FOLD_S)):
            empty(postgres_database)
            folder = tmp_path / str(turn)
            folder.mkdir()
            figures = asyncio.run(concurrency(postgres_database, folder, FOLD_S, seed=turn))
            if any("its facts say" in why for why in figures.wrong):
                return
    pytest.fail("nobody noticed")


@contextmanager
def planted(number: int) -> Iterator[None]:
    """One of the planted bugs, for the length of a block."""
    [bug] = [one for one in BUGS if one.number == number]
    with bug():
        yield
