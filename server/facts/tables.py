"""Rows of facts: streams and their places, events, what became of them, conflicts, files."""

from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from server.core.db import Row


class StreamRow(Row, table=True):
    """One life of one device database; device_id is null for the server's own stream."""

    __tablename__ = "stream"

    id: UUID = Field(primary_key=True)
    device_id: UUID | None = Field(default=None)
    recv: int = 0
    chain: str
    durable: int = 0
    forked_from: UUID | None = None
    reason: str | None = None
    made_ms: int
    last_ms: int

    __table_args__ = (Index("ix_stream_device", "site_id", "device_id"),)


class StreamPos(Row, table=True):
    """One place of a stream: which event stands there and the head hash after it."""

    __tablename__ = "stream_pos"

    stream_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    event_id: UUID
    chain: str

    __table_args__ = (Index("ix_stream_pos_event", "site_id", "event_id"),)


class EventRow(Row, table=True):
    """A fact as it came; columns an unreadable doc cannot fill stay null."""

    __tablename__ = "event"

    id: UUID = Field(primary_key=True)
    stream_id: UUID
    seq: int
    device_id: UUID | None = None
    type: str | None = None
    run_id: UUID | None = None
    visit_id: UUID | None = None
    by: str | None = None
    hlc: int | None = None
    plan_rev: int | None = None
    doc: bytes | None = None
    doc_sha: str
    received_ms: int
    redacted_ms: int | None = None
    redacted_why: str | None = None

    __table_args__ = (
        Index("ix_event_run", "site_id", "run_id"),
        Index("ix_event_visit", "site_id", "visit_id"),
    )


# Who drives with which device is asked at every sign-in; other facts pay nothing for it.
Index(
    "ix_event_signed_in",
    EventRow.__table__.c.site_id,  # type: ignore[attr-defined]
    EventRow.__table__.c.by,  # type: ignore[attr-defined]
    EventRow.__table__.c.hlc,  # type: ignore[attr-defined]
    sqlite_where=EventRow.__table__.c.type == "driver.signed_in",  # type: ignore[attr-defined]
    postgresql_where=EventRow.__table__.c.type == "driver.signed_in",  # type: ignore[attr-defined]
)


class EventState(Row, table=True):
    """What became of a fact: counted, held or dismissed, and when it truly happened."""

    __tablename__ = "event_state"

    event_id: UUID = Field(primary_key=True)
    status: str
    why: str | None = None
    visit_id: UUID | None = None
    reported_ms: int
    uncertain: bool = False
    changed_by: str | None = None
    changed_ms: int | None = None


# Few facts are held and fewer attached: partial indexes cost the others nothing.
Index(
    "ix_event_state_held",
    EventState.__table__.c.site_id,  # type: ignore[attr-defined]
    sqlite_where=EventState.__table__.c.status == "held",  # type: ignore[attr-defined]
    postgresql_where=EventState.__table__.c.status == "held",  # type: ignore[attr-defined]
)
Index(
    "ix_event_state_attached",
    EventState.__table__.c.site_id,  # type: ignore[attr-defined]
    EventState.__table__.c.visit_id,  # type: ignore[attr-defined]
    sqlite_where=EventState.__table__.c.visit_id.is_not(None),  # type: ignore[attr-defined]
    postgresql_where=EventState.__table__.c.visit_id.is_not(None),  # type: ignore[attr-defined]
)


class EventConflict(Row, table=True):
    """Other bytes that came under the id of a known fact; the first ones count."""

    __tablename__ = "event_conflict"

    event_id: UUID = Field(primary_key=True)
    doc_sha: str = Field(primary_key=True)
    doc: bytes
    stream_id: UUID
    seq: int
    received_ms: int


class EventBlob(Row, table=True):
    """A file that a fact declares."""

    __tablename__ = "event_blob"

    event_id: UUID = Field(primary_key=True)
    sha: str = Field(primary_key=True)
    role: str
    media: str
    source: str | None = None

    __table_args__ = (Index("ix_event_blob_sha", "site_id", "sha"),)
