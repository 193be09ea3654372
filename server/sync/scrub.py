"""The nightly scrub: facts against their digests, files against theirs, folds against facts."""

import hashlib
import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session

from server.blobs import queries as blobs
from server.core.clock import to_ms
from server.core.http import Parts
from server.core.ids import new_id
from server.core.logs import log
from server.facts import queries as facts
from server.runs.service import scrubbing
from server.sites import queries as sites
from server.sync import queries
from server.sync.tables import ScrubRow
from shared.chain import doc_sha
from shared.ids import EventId, Sha256, SiteId, VisitId
from shared.local_time import local_day, zone

LOOK_EVERY_S = 600
NIGHT = range(1, 5)  # hours of the site's clocks
DAY_MS = 86_400_000
VISIT_DAYS = 30
SHARE = 0.01
DIFFERENCES_MAX = 100
Difference = dict[str, Any]


def scrub_if_due(parts: Parts, now: datetime) -> int:
    """Compare everything of each site once a night; says how many sites were due."""
    due = [
        site_id
        for site_id in parts.reads.run(sites.all_sites)
        if parts.reads.run(partial(is_due, site_id=site_id, now=now))
    ]
    for site_id in due:
        scrub(parts, site_id, now)
    return len(due)


def is_due(session: Session, site_id: SiteId, now: datetime) -> bool:
    """At night when the last one is half a day old; at any hour when it is two days old."""
    last = queries.last_scrub(session, site_id)
    since_ms = to_ms(now) - last.finished_ms if last is not None else DAY_MS
    hour = now.astimezone(zone(sites.site(session, site_id).tz)).hour
    return since_ms >= 2 * DAY_MS or (hour in NIGHT and since_ms >= DAY_MS // 2)


def scrub(parts: Parts, site_id: SiteId, now: datetime) -> ScrubRow:
    """Compare all facts and files of a site, and fold a share of its visits again.

    Each page of facts is a read of its own, so that a long comparison keeps nobody waiting.
    """
    differences: list[Difference] = []
    counted, visits = _facts(parts, site_id, differences), _visits(parts, site_id, now, differences)
    row = ScrubRow(
        site_id=site_id,
        id=new_id(now),
        started_ms=to_ms(now),
        finished_ms=parts.clock.ms(),
        facts=counted,
        files=_files(parts, site_id, differences),
        visits=visits,
        differences=differences[:DIFFERENCES_MAX],
    )
    if differences:
        log.error("scrub found differences", count=len(differences))
    told = ScrubRow(**row.model_dump())
    parts.writer.run(lambda session: session.add(row))
    return told


def _facts(parts: Parts, site_id: SiteId, found: list[Difference]) -> int:
    count = 0
    for event_id, doc, sha in _docs(parts, site_id):
        count += 1
        if doc is None or doc_sha(doc) != sha:
            found.append({"kind": "fact", "id": str(event_id)})
    return count


def _docs(parts: Parts, site_id: SiteId) -> Iterator[tuple[EventId, bytes | None, str]]:
    after: EventId | None = None
    while page := parts.reads.run(_page(site_id, after)):
        yield from page
        after = page[-1][0]


def _page(site_id: SiteId, after: EventId | None) -> Any:
    return lambda session: facts.docs_after(session, site_id, after)


def _files(parts: Parts, site_id: SiteId, found: list[Difference]) -> int:
    done = [one for one in parts.reads.run(blobs.standing) if one.site_id == site_id and one.done]
    for one in done:
        sha = Sha256(one.sha)
        if not parts.blobs.has(sha) or not parts.blobs.is_whole(sha):
            found.append({"kind": "file", "id": one.sha})
    return len(done)


def _visits(parts: Parts, site_id: SiteId, now: datetime, found: list[Difference]) -> int:
    def work(session: Session) -> int:
        chosen = sample(session, site_id, now)
        for visit_id, what in scrubbing.differing(session, site_id, chosen):
            found.append({"kind": what, "id": str(visit_id)})
        return len(chosen)

    return parts.reads.run(work)


def sample(session: Session, site_id: SiteId, now: datetime) -> list[VisitId]:
    """One in a hundred visits of the last days, others every night."""
    today = local_day(now, zone(sites.site(session, site_id).tz))
    every = scrubbing.visits_since(session, site_id, today - timedelta(days=VISIT_DAYS))
    drawn = sorted(every, key=lambda one: _draw(one, today.isoformat()))
    return drawn[: math.ceil(len(every) * SHARE)]


def _draw(visit_id: VisitId, night: str) -> bytes:
    return hashlib.sha256(f"{night} {visit_id}".encode()).digest()
