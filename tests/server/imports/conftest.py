"""The desk every test of imports may sit down at."""

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from shared.ids import SiteId
from tests.helpers.clock import ManualClock
from tests.server.imports.desk import Desk


@pytest.fixture
def desk(writer: AnyWriter, reads: SnapshotReads, site: SiteId, clock: ManualClock) -> Desk:
    """A planner at a new site."""
    return Desk(writer, reads, site, clock)
