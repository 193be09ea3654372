"""One warm solver for all tests of the planner."""

from collections.abc import Iterator

import pytest

from server.planner.pool import SolverPool


@pytest.fixture(scope="session")
def pool() -> Iterator[SolverPool]:
    made = SolverPool(1)
    made.wait_warm()
    yield made
    made.close()
