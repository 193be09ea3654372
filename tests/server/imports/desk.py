"""A planner who hands files in, for the tests of imports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from server.core.access import system
from server.core.writer import AnyWriter, SnapshotReads
from server.imports import service
from server.imports.service import Edit
from server.loops import queries as loop_queries
from server.loops import service as loops
from server.sites import queries as sites
from server.sites import service as site_service
from shared.ids import LoopId, SiteId
from shared.loop import Loop
from shared.site import Site
from tests.helpers.clock import ManualClock

HEAD = b"ref,name,address,lat,lon\n"
TWO = HEAD + b"1,A,Lane 1,51.1,12.1\n2,B,Lane 2,51.2,12.2\n"


def many(count: int) -> bytes:
    """Rows of so many places."""
    return b"".join(b"%d,S%d,Lane %d,51.%04d,12.1\n" % (n, n, n, n) for n in range(1, count + 1))


class Desk:
    """A planner with the service in one hand."""

    def __init__(
        self, writer: AnyWriter, reads: SnapshotReads, site: SiteId, clock: ManualClock
    ) -> None:
        self.writer, self.reads, self.site, self.clock = writer, reads, site, clock
        self.who = system(site)
        writer.run(lambda s: site_service.create_site(s, site, Site(name="Test"), now=self.now))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def hand_in(self, content: bytes, kind: Any = "locations", **more: str) -> dict[str, Any]:
        return service.hand_in(
            self.reads, self.writer, self.who, kind, content, now=self.now, **more
        )

    def commit(self, batch: dict[str, Any], **more: bool) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.commit(self.reads, self.writer, self.who, key, clock=self.clock.now, **more)

    def undo(self, batch: dict[str, Any]) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.undo(self.reads, self.writer, self.who, key, clock=self.clock.now)

    def correct(self, batch: dict[str, Any], edit: Edit) -> dict[str, Any]:
        key = UUID(batch["id"])
        return service.correct(self.reads, self.writer, self.who, key, edit, now=self.now)

    def names(self) -> list[str]:
        return sorted(row.name for row in self.reads.run(lambda s: sites.page(s, self.site)))

    def loop(self, code: str) -> LoopId:
        given = Loop(code=code, name=code, kind="outbound")
        row = self.writer.run(lambda s: loops.create_loop(s, self.who, given, now=self.now))
        return LoopId(row.id)

    def stops(self, loop: LoopId) -> list[str]:
        def names(session: Any) -> list[str]:
            version = loop_queries.as_version(
                session, loop_queries.versions(session, self.site, loop)[-1]
            )
            places = sites.locations(session, self.site, [one.location_id for one in version.stops])
            return [places[one.location_id].name for one in version.stops]

        return self.reads.run(names)
