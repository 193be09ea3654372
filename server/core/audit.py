"""Who did what to what, before and after: written in the transaction of the deed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, Session

from server.core import db
from server.core.access import Principal
from server.core.ids import new_id


class AuditEntry(db.Row, table=True):
    """One line of the audit log; rows are only added."""

    __tablename__ = "audit_entry"

    id: UUID = Field(primary_key=True)
    at: datetime
    actor_kind: str
    actor: str
    what: str
    subject_kind: str
    subject_id: str
    before: dict[str, Any] | None = db.json_column()
    after: dict[str, Any] | None = db.json_column()
    reason: str = ""


def record(
    session: Session,
    who: Principal,
    what: str,
    subject: tuple[str, object],
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add a line; `subject` is (kind, id), `before` and `after` are JSON of what changed."""
    kind, name = subject
    session.add(
        AuditEntry(
            site_id=who.site_id,
            id=new_id(now),
            at=now,
            actor_kind=who.kind,
            actor=who.by,
            what=what,
            subject_kind=kind,
            subject_id=str(name),
            before=before,
            after=after,
            reason=reason,
        )
    )
