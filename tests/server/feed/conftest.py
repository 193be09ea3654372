"""Publish rows, give scopes, and pull as a device does."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from server.core.writer import AnyWriter, SnapshotReads
from server.feed import queries, service
from server.feed.queries import Page
from server.feed.service import FeedChange
from shared.ids import DeviceId, SiteId
from tests.helpers.builders import id_of
from tests.helpers.clock import MONDAY_NOON

VAN = DeviceId(id_of("van 4"))
OTHER = DeviceId(id_of("van 5"))
Publish = Callable[..., int]
Pull = Callable[..., Page]
Give = Callable[..., None]


def row(id_: str, scope: str = "site", kind: str = "stop", **plan: Any) -> FeedChange:
    return FeedChange(kind, id_, scope, plan, None)


def gone(id_: str, scope: str = "site", kind: str = "stop") -> FeedChange:
    return FeedChange(kind, id_, scope, None, None, deleted=True)


@pytest.fixture
def publish(writer: AnyWriter, site: SiteId) -> Publish:
    """Publish these rows in one transaction, and give the revision."""

    def published(*changes: FeedChange, by: DeviceId | None = None) -> int:
        def work(session: Session) -> int:
            if by is not None:
                service.caused_by(session, by)
            return service.publish(session, site, changes, MONDAY_NOON)

        return writer.run(work)

    return published


@pytest.fixture
def give(writer: AnyWriter, site: SiteId) -> Give:
    """Give a device exactly these scopes."""
    return lambda *scopes, to=VAN: writer.run(
        lambda s: service.set_scopes(s, site, to, scopes, MONDAY_NOON)
    )


@pytest.fixture
def pull(reads: SnapshotReads, site: SiteId) -> Pull:
    """The next page of a device."""
    return lambda cursor=None, device=VAN, **options: reads.run(
        lambda s: queries.pull(s, site, device, cursor, **options)
    )
