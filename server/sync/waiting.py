"""Held facts are judged again as soon as anything of their site changes (sync.md S11)."""

from datetime import datetime
from functools import partial

from sqlmodel import Session

from server.core.http import Parts
from server.facts import queries as facts
from server.feed import queries as feed
from server.sync import effects
from shared.ids import DeviceId, SiteId

LOOK_EVERY_S = 5
Due = list[tuple[SiteId, DeviceId, int]]


class Waiting:
    """Remembers at which revision the waiting facts of each device were judged last."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._seen: dict[tuple[SiteId, DeviceId], int] = {}

    def look(self, now: datetime) -> int:
        """Judge the waiting facts of every device whose site moved on; gives how many devices.

        What they are about may have been dispatched, moved or released while the device is away.
        """
        due = self._parts.reads.run(self._due)
        for site_id, device_id, head in due:
            retry = partial(
                effects.retry, site_id=site_id, device_id=device_id, jobs=self._parts.jobs, now=now
            )
            self._parts.writer.run(retry)
            self._seen[site_id, device_id] = head
        return len(due)

    def _due(self, session: Session) -> Due:
        found: Due = []
        heads: dict[SiteId, int] = {}
        for site_id, device_id in facts.devices_with_held(session):
            head = heads.setdefault(site_id, feed.head(session, site_id))
            if self._seen.get((site_id, device_id), -1) < head:
                found.append((site_id, device_id, head))
        return found
