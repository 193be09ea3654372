"""Facts that change no plan but want a person: suggestions of drivers, names nobody knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session, SQLModel

from server.core import audit
from server.core.access import Principal
from server.core.clock import to_ms
from server.facts.service import StoredFact
from server.people import queries as people
from server.sync.tables import SignInRow, SuggestionRow
from shared.events import DriverSignedIn, FeedbackGiven
from shared.ids import DriverId, EventId, SiteId
from shared.refusals import refuse

UNLISTED = "unlisted"
Ending = Literal["done", "dismissed"]


def note(session: Session, site_id: SiteId, counting: Sequence[StoredFact]) -> None:
    """Keep what drivers suggest, and who signed in under a typed name; each fact once."""
    for model, row_of in ((SuggestionRow, _suggestion), (SignInRow, _sign_in)):
        _insert(session, model, [row for one in counting if (row := row_of(site_id, one))])


def _suggestion(site_id: SiteId, one: StoredFact) -> dict[str, Any] | None:
    body = one.event.body
    if not isinstance(body, FeedbackGiven):
        return None
    return {
        "site_id": site_id,
        "event_id": UUID(one.event.id),
        "about": body.about,
        "subject_id": body.id,
        "field": body.field,
        "value": body.value,
        "rating": body.rating,
        "by": one.event.envelope.by,
        "reported_ms": one.reported_ms,
        "state": "open",
    }


def _sign_in(site_id: SiteId, one: StoredFact) -> dict[str, Any] | None:
    body = one.event.body
    if not isinstance(body, DriverSignedIn) or body.method != UNLISTED:
        return None
    return {
        "site_id": site_id,
        "event_id": UUID(one.event.id),
        "device_id": one.device_id,
        "name": body.name or "",
        "reported_ms": one.reported_ms,
    }


def _insert(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        table: Table = model.__table__  # type: ignore[attr-defined]
        session.execute(insert_or(table).on_conflict_do_nothing(), list(rows))


def decide(
    session: Session,
    who: Principal,
    event_id: EventId,
    state: Ending,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Say that a suggestion was followed, or will not be; what the plan says stays as it is."""
    row = session.get(SuggestionRow, (who.site_id, event_id))
    if row is None:
        raise refuse("not_found")
    before = {"state": row.state}
    row.state, row.reason = state, reason
    row.changed_by, row.changed_ms = who.name, to_ms(now)
    after = {"state": state}
    about = ("suggestion", event_id)
    audit.record(session, who, "suggestion.decided", about, now=now, before=before, after=after,
                 reason=reason)  # fmt: skip


def name_driver(
    session: Session, who: Principal, event_id: EventId, driver_id: DriverId, *, now: datetime
) -> None:
    """Say who somebody was who signed in under a typed name."""
    row = session.get(SignInRow, (who.site_id, event_id))
    if row is None:
        raise refuse("not_found")
    if people.driver(session, who.site_id, driver_id) is None:
        raise refuse("bad_input", errors=[("/driver", "unknown")], why="driver")
    before = {"driver": str(row.driver_id) if row.driver_id else None}
    row.driver_id, row.named_by, row.named_ms = driver_id, who.name, to_ms(now)
    after = {"driver": str(driver_id)}
    audit.record(session, who, "sign_in.named", ("event", event_id), now=now,
                 before=before, after=after)  # fmt: skip
