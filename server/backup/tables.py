"""Rows of backups: each run and each drill, and what came of it."""

from uuid import UUID

from sqlmodel import Field

from server.core.db import Row


class BackupRun(Row, table=True):
    """One backup or one drill of the whole server; `site_id` is the nil UUID.

    `db_sha` is the digest of the copied database, `why` says what went wrong.
    """

    __tablename__ = "backup_run"

    id: UUID = Field(primary_key=True)
    kind: str
    started_ms: int
    finished_ms: int | None = None
    path: str | None = None
    db_sha: str | None = None
    verified: bool = False
    why: str | None = None
