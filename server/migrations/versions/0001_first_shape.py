"""First shape: every table of today, and triggers that keep facts from being changed."""

import sqlalchemy as sa
from alembic import op

from server.core.db import METADATA
from server.migrations import tables as _tables  # noqa: F401 - completes the metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A fact may be redacted once; then only `doc` and the marks of redaction change.
SQLITE = (
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
       BEGIN SELECT RAISE(ABORT, 'facts are never deleted'); END""",
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON event
       WHEN OLD.redacted_ms IS NOT NULL OR NEW.redacted_ms IS NULL
         OR OLD.site_id IS NOT NEW.site_id OR OLD.id IS NOT NEW.id
         OR OLD.stream_id IS NOT NEW.stream_id OR OLD.seq IS NOT NEW.seq
         OR OLD.doc_sha IS NOT NEW.doc_sha OR OLD.received_ms IS NOT NEW.received_ms
         OR OLD.type IS NOT NEW.type OR OLD.hlc IS NOT NEW.hlc OR NEW.doc IS NOT NULL
       BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END""",
    """CREATE TRIGGER stream_pos_no_delete BEFORE DELETE ON stream_pos
       BEGIN SELECT RAISE(ABORT, 'places of a stream are never deleted'); END""",
    """CREATE TRIGGER stream_pos_no_update BEFORE UPDATE ON stream_pos
       BEGIN SELECT RAISE(ABORT, 'places of a stream are never changed'); END""",
)
POSTGRES = (
    """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME; END $$""",
    """CREATE TRIGGER event_no_delete BEFORE DELETE ON event
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER event_no_update BEFORE UPDATE ON event FOR EACH ROW
       WHEN (OLD.redacted_ms IS NOT NULL OR NEW.redacted_ms IS NULL
         OR OLD.site_id IS DISTINCT FROM NEW.site_id OR OLD.id IS DISTINCT FROM NEW.id
         OR OLD.stream_id IS DISTINCT FROM NEW.stream_id OR OLD.seq IS DISTINCT FROM NEW.seq
         OR OLD.doc_sha IS DISTINCT FROM NEW.doc_sha
         OR OLD.received_ms IS DISTINCT FROM NEW.received_ms
         OR OLD.type IS DISTINCT FROM NEW.type OR OLD.hlc IS DISTINCT FROM NEW.hlc
         OR NEW.doc IS NOT NULL)
       EXECUTE FUNCTION refuse_change()""",
    """CREATE TRIGGER stream_pos_no_change BEFORE UPDATE OR DELETE ON stream_pos
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
)


def upgrade() -> None:
    connection = op.get_bind()
    METADATA.create_all(connection)
    if "event" not in METADATA.tables:
        return
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRES:
        connection.execute(sa.text(statement))


def downgrade() -> None:
    METADATA.drop_all(op.get_bind())
