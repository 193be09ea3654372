"""Rows of the feed: site revision, row versions, scopes of devices, exceptions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlmodel import Field

from server.core.db import Row, json_column

# Compared byte by byte on both databases, as the digest and the cursor are.
BYTES = String().with_variant(String(collation="C"), "postgresql")


class FeedSite(Row, table=True):
    """The revision of a site: a counter that becomes visible in order."""

    __tablename__ = "feed_site"

    rev: int
    min_rev: int = 0


class FeedRev(Row, table=True):
    """One revision: the nonce that makes cursors self-validating, when, and by which device."""

    __tablename__ = "feed_rev"

    rev: int = Field(primary_key=True)
    nonce: str
    at_ms: int
    device_id: UUID | None = None


class FeedRow(Row, table=True):
    """A row version for devices and pages; plan and fact are JSON texts written once."""

    __tablename__ = "feed_row"

    kind: str = Field(primary_key=True, sa_type=BYTES)
    id: str = Field(primary_key=True, sa_type=BYTES)
    scope: str = Field(primary_key=True, sa_type=BYTES)
    rev: int
    deleted: bool = False
    plan: str | None = None
    fact: str | None = None

    __table_args__ = (
        Index("ix_feed_row_rev", "site_id", "rev", "kind", "id", "scope"),
        Index("ix_feed_row_scope", "site_id", "scope"),
    )


class DeviceScope(Row, table=True):
    """A scope a device has, or once had: facts about what it once saw still count."""

    __tablename__ = "device_scope"

    device_id: UUID = Field(primary_key=True)
    scope: str = Field(primary_key=True, sa_type=BYTES)
    live: bool = True
    rev: int = 0

    __table_args__ = (Index("ix_device_scope_scope", "site_id", "scope"),)


class ExceptionItem(Row, table=True):
    """Something a supervisor must look at; one open item per kind and subject."""

    __tablename__ = "exception_item"

    id: UUID = Field(primary_key=True)
    kind: str
    subject_kind: str
    subject_id: str
    severity: int
    state: str
    detail: dict[str, Any] | None = json_column()
    owner_id: UUID | None = None
    raised_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    reason: str | None = None
    rev: int


Index(
    "uq_exception_item_open",
    ExceptionItem.__table__.c.site_id,  # type: ignore[attr-defined]
    ExceptionItem.__table__.c.kind,  # type: ignore[attr-defined]
    ExceptionItem.__table__.c.subject_kind,  # type: ignore[attr-defined]
    ExceptionItem.__table__.c.subject_id,  # type: ignore[attr-defined]
    unique=True,
    sqlite_where=ExceptionItem.__table__.c.closed_at.is_(None),  # type: ignore[attr-defined]
    postgresql_where=ExceptionItem.__table__.c.closed_at.is_(None),  # type: ignore[attr-defined]
)
Index("ix_exception_item_rev", ExceptionItem.__table__.c.site_id, ExceptionItem.__table__.c.rev)  # type: ignore[attr-defined]
