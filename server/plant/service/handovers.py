"""Handovers: what one shift leaves to the next, until somebody has taken it over."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.feed import queries as feed_rows
from server.feed import service as feed
from server.feed.service import FeedChange
from server.plant.queries import forms
from server.plant.service.mentions import Said
from server.plant.tables import HandoverRow
from shared.events import HandoverAcknowledged, HandoverWritten
from shared.floor import fold_handover
from shared.ids import SiteId

HANDOVER, SITE_SCOPE = "handover", "site"


def refold(
    session: Session, site_id: SiteId, said: Said, handovers: Iterable[UUID], now: datetime
) -> None:
    """Fold these handovers; one that is taken over leaves the tablets."""
    for key in sorted(handovers):
        fold = fold_handover(str(key), said.about([key]))
        row = session.get(HandoverRow, (site_id, key))
        if fold.written is None:
            _forget(session, row, now)
            continue
        row = row or _new(session, site_id, said, key, now)
        taken = fold.acknowledged
        row.acknowledged_at = said.at(taken.id) if taken else None
        row.acknowledged_by = taken.envelope.by if taken else None
        body = taken.body if taken else None
        row.remark = body.remark if isinstance(body, HandoverAcknowledged) else None
        row.updated_at = now
        session.add(row)
        _tell(session, row, now)


def _new(session: Session, site_id: SiteId, said: Said, key: UUID, now: datetime) -> HandoverRow:
    fact = said.facts[key]
    body = fact.event.body
    assert isinstance(body, HandoverWritten), "the fold gave it"
    return HandoverRow(
        site_id=site_id,
        id=key,
        run_id=fact.run_id,
        loop_id=_loop_of(session, site_id, fact.run_id),
        text=body.text,
        open=list(body.open),
        stuck=[list(one) for one in body.stuck or ()],
        counts=dict(body.counts),
        written_at=said.at(str(key)),
        written_by=fact.event.envelope.by,
        created_at=now,
        updated_at=now,
    )


def _loop_of(session: Session, site_id: SiteId, run_id: UUID | None) -> UUID | None:
    """The loop of a run, as devices were told: plant and runs stand side by side."""
    rows = feed_rows.rows_of(session, site_id, "run", ids=[str(run_id)]) if run_id else []
    loops = [(row.plan or {}).get("loop") for row in rows]
    return UUID(loops[0]) if loops and loops[0] else None


def _tell(session: Session, row: HandoverRow, now: datetime) -> None:
    gone = row.acknowledged_at is not None
    plan = forms.handover_plan(row)
    change = FeedChange(HANDOVER, str(row.id), SITE_SCOPE, plan, None, deleted=gone)
    row.rev = feed.publish(session, SiteId(row.site_id), [change], now)


def _forget(session: Session, row: HandoverRow | None, now: datetime) -> None:
    if row is not None:
        change = FeedChange(HANDOVER, str(row.id), SITE_SCOPE, None, None, deleted=True)
        feed.publish(session, SiteId(row.site_id), [change], now)
        session.delete(row)
