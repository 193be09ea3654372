"""Rows of files: what was declared, what has arrived, and parts for shared stores."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from server.core.db import Row


class BlobRow(Row, table=True):
    """A declared file; `look` says whether the copy for display was made."""

    __tablename__ = "blob"

    sha: str = Field(primary_key=True)
    size: int
    media: str
    role: str
    done: bool = False
    done_ms: int | None = None
    backed_up: UUID | None = None
    look: str | None = None
    look_why: str | None = None


class BlobPart(Row, table=True):
    """A piece of an unfinished file, for stores without a shared folder."""

    __tablename__ = "blob_part"

    sha: str = Field(primary_key=True)
    offset: int = Field(primary_key=True)
    data: bytes


# Unfinished files are few; `need` looks for them in every exchange.
Index(
    "ix_blob_open",
    BlobRow.__table__.c.site_id,  # type: ignore[attr-defined]
    BlobRow.__table__.c.sha,  # type: ignore[attr-defined]
    sqlite_where=BlobRow.__table__.c.done.is_(False),  # type: ignore[attr-defined]
    postgresql_where=BlobRow.__table__.c.done.is_(False),  # type: ignore[attr-defined]
)
