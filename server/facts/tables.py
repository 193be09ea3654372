"""Rows of facts: streams and their places, events, what became of them, conflicts, files."""

from uuid import UUID

from sqlalchemy import DDL, Index, event
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


_KEPT = ("site_id", "id", "stream_id", "seq", "type", "hlc", "doc_sha", "received_ms")


def _reduced(differs: str) -> str:
    """Say in SQL that an update reduces an expired event, once, and changes nothing else."""
    same = " AND ".join(f"NOT (NEW.{name} {differs} OLD.{name})" for name in _KEPT)
    return (
        "OLD.redacted_ms IS NULL AND NEW.redacted_ms IS NOT NULL AND NEW.doc IS NULL"
        f" AND NEW.run_id IS NULL AND NEW.visit_id IS NULL AND NEW.by IS NULL AND {same}"
    )


_REFUSE = "SELECT RAISE(ABORT, 'facts are immutable')"
_SQLITE = {
    "event": (
        f"CREATE TRIGGER event_keep_update BEFORE UPDATE ON event WHEN NOT ({_reduced('IS NOT')})"
        f" BEGIN {_REFUSE}; END",
        f"CREATE TRIGGER event_keep_delete BEFORE DELETE ON event BEGIN {_REFUSE}; END",
    ),
    "stream_pos": (
        f"CREATE TRIGGER stream_pos_keep_update BEFORE UPDATE ON stream_pos BEGIN {_REFUSE}; END",
        f"CREATE TRIGGER stream_pos_keep_delete BEFORE DELETE ON stream_pos BEGIN {_REFUSE}; END",
    ),
}
_POSTGRES = {
    "event": (
        "CREATE OR REPLACE FUNCTION milkrun_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'facts are immutable'; END $$",
        "CREATE TRIGGER event_keep_update BEFORE UPDATE ON event FOR EACH ROW"
        f" WHEN (NOT ({_reduced('IS DISTINCT FROM')})) EXECUTE FUNCTION milkrun_keep()",
        "CREATE TRIGGER event_keep_delete BEFORE DELETE ON event FOR EACH ROW"
        " EXECUTE FUNCTION milkrun_keep()",
    ),
    "stream_pos": (
        "CREATE OR REPLACE FUNCTION milkrun_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'facts are immutable'; END $$",
        "CREATE TRIGGER stream_pos_keep BEFORE UPDATE OR DELETE ON stream_pos FOR EACH ROW"
        " EXECUTE FUNCTION milkrun_keep()",
    ),
}
# Statements of the migration too: what the database itself must refuse (sync.md S14).
IMMUTABLE = {"sqlite": _SQLITE, "postgresql": _POSTGRES}

for _dialect, _tables in IMMUTABLE.items():
    for _name, _statements in _tables.items():
        for _statement in _statements:
            event.listen(
                Row.metadata.tables[_name],
                "after_create",
                DDL(_statement).execute_if(dialect=_dialect),
            )
