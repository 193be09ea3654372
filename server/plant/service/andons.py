"""Andons: folded from facts, and climbing level by level until somebody looks."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.core.db import Reads, Writer
from server.facts.queries import StoredFact
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant import queries, rules
from server.plant.queries import forms
from server.plant.service.mentions import Said
from server.plant.service.visits import places_of
from server.plant.tables import AndonRow
from server.sites import queries as sites
from shared.floor import AndonFold, andon_level, fold_andon
from shared.ids import SiteId
from shared.plant_facts import AndonCleared, AndonRaised, StationMissed

SITE_SCOPE = "site"
ANDON = "andon"
MISSED_SEVERITY = 2


def refold(
    session: Session, site_id: SiteId, said: Said, andons: Iterable[UUID], now: datetime
) -> None:
    """Fold these Andons; one that nobody raised yet waits for the fact that does."""
    for andon in sorted(andons):
        fold = fold_andon(str(andon), said.about([andon]))
        row = session.get(AndonRow, (site_id, andon))
        if fold.raised is None and row is None:
            continue
        row = row or AndonRow(site_id=site_id, id=andon, kind="", created_at=now, updated_at=now)
        before = _state(row)
        if fold.raised is not None:
            _raise(session, row, said.facts[UUID(fold.raised.id)])
        _answers(row, fold, said)
        if _state(row) != before or row.rev == 0:
            row.updated_at = now
            session.add(row)
            _tell(session, row, now)


def _state(row: AndonRow) -> tuple[object, ...]:
    return (
        row.kind, row.severity, row.text, row.station_id, row.raised_at, row.acknowledged_at,
        row.acknowledged_by, row.cleared_at, row.cleared_by, row.cause,
    )  # fmt: skip


def _raise(session: Session, row: AndonRow, fact: StoredFact) -> None:
    body = fact.event.body
    site_id = SiteId(row.site_id)
    visits = [fact.visit_id] if fact.visit_id is not None else []
    station = next(iter(places_of(session, site_id, visits).values()), None)
    if isinstance(body, AndonRaised):
        row.kind, row.severity, row.text = body.category, body.severity, body.text or ""
        row.station_id = UUID(body.location) if body.location else station
    elif isinstance(body, StationMissed):
        row.kind, row.severity, row.text = rules.MISSED, MISSED_SEVERITY, body.reason
        row.station_id = station
    row.raised_at, row.raised_by = _when(fact), fact.event.envelope.by
    row.run_id, row.visit_id = fact.run_id, fact.visit_id


def _when(fact: StoredFact) -> datetime:
    return Said({UUID(fact.event.id): fact}).at(fact.event.id)


def _answers(row: AndonRow, fold: AndonFold, said: Said) -> None:
    seen, over = fold.acknowledged, fold.cleared or fold.withdrawn
    row.acknowledged_at = said.at(seen.id) if seen else None
    row.acknowledged_by = seen.envelope.by if seen else None
    row.cleared_at = said.at(over.id) if over else None
    row.cleared_by = over.envelope.by if over else None
    row.cause = _cause(fold)


def _cause(fold: AndonFold) -> str | None:
    if fold.cleared is not None and isinstance(fold.cleared.body, AndonCleared):
        return fold.cleared.body.cause
    if fold.withdrawn is None or fold.raised is None:
        return None
    missed = isinstance(fold.raised.body, StationMissed)
    return rules.REOPENED if missed else rules.WITHDRAWN


def _tell(session: Session, row: AndonRow, now: datetime) -> None:
    """Tell devices and the board."""
    if row.raised_at is None:
        return
    site_id = SiteId(row.site_id)
    row.rev = feed.lock(session, site_id, now)
    told = forms.write_andon(row)
    gone = row.cleared_at is not None
    change = FeedChange(ANDON, str(row.id), SITE_SCOPE, told, None, deleted=gone)
    feed.publish(session, site_id, [change], now)
    if gone:
        feed.close_exception(session, site_id, ANDON, ANDON, row.id, now=now)
    else:
        detail = {**told, "name": _name(session, row)}
        feed.raise_exception(session, site_id, ANDON, ANDON, row.id, detail=detail, now=now)


def _name(session: Session, row: AndonRow) -> str:
    """The station's name, for lists."""
    if row.station_id is None:
        return ""
    found = sites.locations(session, SiteId(row.site_id), [row.station_id])
    return found[row.station_id].name if row.station_id in found else ""


def climb(session: Session, site_id: SiteId, now: datetime) -> int:
    """Bring every Andon nobody has seen to the level its age asks for; gives how many climbed."""
    feed.lock(session, site_id, now)
    steps = sites.settings(session, site_id).andon_steps_s
    count = 0
    for row in queries.unseen_andons(session, site_id):
        assert row.raised_at is not None, "the query asks for raised ones"
        level = andon_level(to_ms(row.raised_at), to_ms(now), steps)
        if level > row.level:
            row.level, row.updated_at = level, now
            _tell(session, row, now)
            count += 1
    return count


def climb_everywhere(reads: Reads, writer: Writer, now: datetime) -> int:
    """Let Andons of all sites climb; writes only where one is due."""
    due = [one for one in reads.run(sites.all_sites) if _due(reads, one, now)]
    return sum(writer.run(lambda s, one=one: climb(s, one, now)) for one in due)  # type: ignore[misc]


def _due(reads: Reads, site_id: SiteId, now: datetime) -> bool:
    soonest = reads.run(lambda s: next_climb_at(s, site_id))
    return soonest is not None and soonest <= now


def next_climb_at(session: Session, site_id: SiteId) -> datetime | None:
    """When the next Andon of the site reaches its next level; None when none will."""
    steps = sorted(sites.settings(session, site_id).andon_steps_s)
    times = [
        row.raised_at + timedelta(seconds=steps[row.level])
        for row in queries.unseen_andons(session, site_id)
        if row.raised_at is not None and row.level < len(steps)
    ]
    return min(times, default=None)


def next_climb(reads: Reads, now: datetime) -> datetime | None:
    """When the next Andon anywhere climbs, after now."""
    every = reads.run(lambda s: [next_climb_at(s, one) for one in sites.all_sites(s)])
    return min((at for at in every if at is not None and at > now), default=None)
