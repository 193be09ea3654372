"""Reads of backup runs: what was tried, what was verified, when the last drill was."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from server.backup import rules
from server.backup.rules import History
from server.backup.tables import BackupRun

BACKUP, DRILL = "backup", "drill"


def history(session: Session, every_s: int) -> History:
    """What the rows say about backups and drills of the server's own target."""
    last, drill = _last(session, BACKUP), _last(session, DRILL)
    return History(
        every_s=every_s,
        first_ms=_when(session, BACKUP, first=True),
        verified_ms=_when(session, BACKUP),
        tried_ms=last.started_ms if last else None,
        failed_why=last.why if last else None,
        drilled_ms=_when(session, DRILL),
        drill_tried_ms=drill.started_ms if drill else None,
        drill_why=drill.why if drill else None,
    )


def every_s(*, sqlite: bool) -> int:
    """How often a backup is made, in seconds."""
    return rules.BACKUP_EVERY_S if sqlite else rules.BACKUP_EVERY_POSTGRES_S


def _last(session: Session, kind: str) -> BackupRun | None:
    return session.execute(
        select(BackupRun)
        .where(col(BackupRun.kind) == kind)
        .order_by(col(BackupRun.id).desc())
        .limit(1)
    ).scalar_one_or_none()


def _when(session: Session, kind: str, *, first: bool = False) -> int | None:
    pick = func.min if first else func.max
    found: int | None = session.execute(
        select(pick(col(BackupRun.started_ms))).where(
            col(BackupRun.kind) == kind, col(BackupRun.verified)
        )
    ).scalar()
    return found
