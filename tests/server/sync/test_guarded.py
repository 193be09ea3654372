"""A fact that cannot be folded waits alone; the others of its request count."""

from uuid import UUID

import pytest
from sqlmodel import Session

from server.core.access import Principal
from server.core.http import Parts
from server.core.jobs import Job
from server.facts import queries as facts
from server.feed import service as feed
from server.sync import effects
from shared.ids import EventId, SiteId
from tests.helpers.builders import completed
from tests.server.sync.a_device import Circle, Device, open_circle

pytestmark = pytest.mark.anyio


class Grumpy:
    """Takes jobs, but fails for one run: stands for any rule that cannot bear a fact."""

    def __init__(self, run: str) -> None:
        self.run = run

    def submit(self, session: Session, job: Job) -> None:
        del session
        if job.key == self.run:
            raise ZeroDivisionError

    def wake(self) -> None:
        """Wake nobody."""


async def test_only_the_fact_that_cannot_be_folded_waits(
    van: Device, circle: Circle, parts: Parts, supervisor: Principal, site: SiteId
) -> None:
    other = open_circle(parts, supervisor, "dairy")
    await van.exchange()
    bad = completed(run=circle.run, visit=circle.visits["bakery"])
    good = completed(run=other.run, visit=other.visits["dairy"])
    await van.record(bad, good).exchange()

    def work(session: Session) -> None:
        feed.lock(session, site, parts.clock.now())
        ids = [EventId(UUID(bad.id)), EventId(UUID(good.id))]
        stored = facts.facts_of(session, site, ids)
        grumpy = Grumpy(circle.run)
        effects.apply_guarded(session, site, stored, grumpy, now=parts.clock.now())

    parts.writer.run(work)

    held = parts.reads.run(lambda s: facts.held(s, site))
    assert [(str(one.id), one.why) for one in held] == [(bad.id, "fold_error")]
