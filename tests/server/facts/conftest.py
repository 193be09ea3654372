"""Take a push, and see which facts count."""

from collections.abc import Callable
from typing import Any

import pytest

from server.core.writer import AnyWriter, SnapshotReads
from server.facts import queries, service
from server.facts.queries import HeldFact
from server.facts.service import Appended
from shared.ids import SiteId, VisitId
from shared.sync import Push
from tests.helpers.builders import id_of
from tests.server.facts.a_stream import DEVICE, RECEIVED_MS

Take = Callable[..., Appended]
Counting = Callable[[], list[str]]
Held = Callable[[], list[HeldFact]]
BAKERY = VisitId(id_of("bakery"))


@pytest.fixture
def take(writer: AnyWriter, site: SiteId) -> Take:
    """Append a push as a device's request does, and give what the service says."""

    def taken(
        push: Push, device: Any = DEVICE, at_ms: int = RECEIVED_MS, **options: Any
    ) -> Appended:
        return writer.run(
            lambda s: service.append(s, site, device, push, received_ms=at_ms, **options)
        )

    return taken


@pytest.fixture
def at_bakery(reads: SnapshotReads, site: SiteId) -> Counting:
    """The facts that count for the bakery."""

    def found() -> list[str]:
        facts = reads.run(lambda session: queries.facts_of_visits(session, site, [BAKERY]))
        return sorted(fact.event.id for fact in facts)

    return found


@pytest.fixture
def held(reads: SnapshotReads, site: SiteId) -> Held:
    """The facts that wait."""
    return lambda: reads.run(lambda session: queries.held(session, site))
