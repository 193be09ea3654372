"""First shape: every table of today, and triggers that keep facts from being changed."""

import sqlalchemy as sa
from alembic import op

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
    _make_tables()
    connection = op.get_bind()
    for statement in SQLITE if connection.dialect.name == "sqlite" else POSTGRES:
        connection.execute(sa.text(statement))


def _make_tables() -> None:
    op.create_table(
        "andon",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised_by", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_andon")),
    )
    op.create_index(
        op.f("ix_andon_site_id_cleared_at"), "andon", ["site_id", "cleared_at"], unique=False
    )
    op.create_table(
        "api_token",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("rights", sa.String(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_audit_entry")),
    )
    op.create_table(
        "blob",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=True),
        sa.Column("backed_up", sa.Uuid(), nullable=True),
        sa.Column("look", sa.String(), nullable=True),
        sa.Column("look_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "sha", name=op.f("pk_blob")),
    )
    op.create_index(
        "ix_blob_open",
        "blob",
        ["site_id", "sha"],
        unique=False,
        sqlite_where=sa.text("done IS 0"),
        postgresql_where=sa.text("done IS false"),
    )
    op.create_table(
        "blob_part",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "sha", "offset", name=op.f("pk_blob_part")),
    )
    op.create_table(
        "calendar",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("subdivision", sa.String(), nullable=False),
        sa.Column("extra", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("shutdowns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("workdays", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_calendar")),
    )
    op.create_table(
        "carrier",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_carrier")),
    )
    op.create_table(
        "control_cycle",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("part_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("supermarket_id", sa.Uuid(), nullable=False),
        sa.Column("pieces_per_box", sa.BigInteger(), nullable=False),
        sa.Column("container_type", sa.String(), nullable=False),
        sa.Column("demand_per_h", sa.BigInteger(), nullable=False),
        sa.Column("formula", sa.String(), nullable=False),
        sa.Column("min_boxes", sa.BigInteger(), nullable=False),
        sa.Column("max_boxes", sa.BigInteger(), nullable=False),
        sa.Column("cards", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("safety_percent", sa.BigInteger(), nullable=False),
        sa.Column("lead_s", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_control_cycle")),
        sa.UniqueConstraint(
            "site_id",
            "part_no",
            "station_id",
            name=op.f("uq_control_cycle_site_id_part_no_station_id"),
        ),
    )
    op.create_table(
        "customer_order",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("from_location", sa.Uuid(), nullable=True),
        sa.Column("to_location", sa.Uuid(), nullable=False),
        sa.Column("windows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("service_s", sa.BigInteger(), nullable=True),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("promise_class", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("unfit_cause", sa.String(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_customer_order")),
        sa.UniqueConstraint("site_id", "ref", name=op.f("uq_customer_order_site_id_ref")),
    )
    op.create_table(
        "departure",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loop_version_id", sa.Uuid(), nullable=False),
        sa.Column("pos", sa.BigInteger(), nullable=False),
        sa.Column("timetable_no", sa.BigInteger(), nullable=False),
        sa.Column("departure_no", sa.BigInteger(), nullable=True),
        sa.Column("day_offset", sa.BigInteger(), nullable=False),
        sa.Column("time_local", sa.String(), nullable=True),
        sa.Column("base_no", sa.BigInteger(), nullable=True),
        sa.Column("first_local", sa.String(), nullable=True),
        sa.Column("last_local", sa.String(), nullable=True),
        sa.Column("headway_s", sa.BigInteger(), nullable=True),
        sa.Column("break_rule", sa.String(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_departure")),
    )
    op.create_index(
        op.f("ix_departure_loop_version_id"), "departure", ["loop_version_id"], unique=False
    )
    op.create_table(
        "device",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("app", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("paired_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_ms", sa.BigInteger(), nullable=True),
        sa.Column("unsent_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("health_json", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("health_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_driver_id"), "device", ["driver_id"], unique=False)
    op.create_index(op.f("ix_device_vehicle_id"), "device", ["vehicle_id"], unique=False)
    op.create_table(
        "device_scope",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scope",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "device_id", "scope", name=op.f("pk_device_scope")),
    )
    op.create_index("ix_device_scope_scope", "device_scope", ["site_id", "scope"], unique=False)
    op.create_table(
        "device_token",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("issued_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_used_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "hash", name=op.f("pk_device_token")),
    )
    op.create_index(op.f("ix_device_token_device_id"), "device_token", ["device_id"], unique=False)
    op.create_table(
        "driver",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("shift", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("zones", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("badge_hash", sa.String(), nullable=True),
        sa.Column("pin_salt", sa.String(), nullable=True),
        sa.Column("pin_verifier", sa.String(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_driver")),
    )
    op.create_index(op.f("ix_driver_carrier_id"), "driver", ["carrier_id"], unique=False)
    op.create_table(
        "empties_balance",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("container_type", sa.String(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "site_id", "location_id", "container_type", name=op.f("pk_empties_balance")
        ),
    )
    op.create_table(
        "empties_entry",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("container_type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("qty", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_empties_entry")),
    )
    op.create_index(
        op.f("ix_empties_entry_site_id_location_id_container_type"),
        "empties_entry",
        ["site_id", "location_id", "container_type"],
        unique=False,
    )
    op.create_table(
        "event",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.String(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("hlc", sa.BigInteger(), nullable=True),
        sa.Column("plan_rev", sa.BigInteger(), nullable=True),
        sa.Column("doc", sa.LargeBinary(), nullable=True),
        sa.Column("doc_sha", sa.String(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("redacted_ms", sa.BigInteger(), nullable=True),
        sa.Column("redacted_why", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_run", "event", ["site_id", "run_id"], unique=False)
    op.create_index(
        "ix_event_signed_in",
        "event",
        ["site_id", "by", "hlc"],
        unique=False,
        sqlite_where=sa.text("type = 'driver.signed_in'"),
        postgresql_where=sa.text("type = 'driver.signed_in'"),
    )
    op.create_index("ix_event_visit", "event", ["site_id", "visit_id"], unique=False)
    op.create_table(
        "event_blob",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("sha", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "event_id", "sha", name=op.f("pk_event_blob")),
    )
    op.create_index("ix_event_blob_sha", "event_blob", ["site_id", "sha"], unique=False)
    op.create_table(
        "event_conflict",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("doc_sha", sa.String(), nullable=False),
        sa.Column("doc", sa.LargeBinary(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "event_id", "doc_sha", name=op.f("pk_event_conflict")),
    )
    op.create_table(
        "event_state",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "event_id", name=op.f("pk_event_state")),
    )
    op.create_index(
        "ix_event_state_attached",
        "event_state",
        ["site_id", "visit_id"],
        unique=False,
        sqlite_where=sa.text("visit_id IS NOT NULL"),
        postgresql_where=sa.text("visit_id IS NOT NULL"),
    )
    op.create_index(
        "ix_event_state_held",
        "event_state",
        ["site_id"],
        unique=False,
        sqlite_where=sa.text("status = 'held'"),
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_table(
        "exception_item",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("severity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_exception_item")),
    )
    op.create_index("ix_exception_item_rev", "exception_item", ["site_id", "rev"], unique=False)
    op.create_index(
        "uq_exception_item_open",
        "exception_item",
        ["site_id", "kind", "subject_kind", "subject_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "feed_rev",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "rev", name=op.f("pk_feed_rev")),
    )
    op.create_table(
        "feed_row",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "id", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column(
            "scope",
            sa.String().with_variant(sa.String(collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("plan", sa.String(), nullable=True),
        sa.Column("fact", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "kind", "id", "scope", name=op.f("pk_feed_row")),
    )
    op.create_index(
        "ix_feed_row_rev", "feed_row", ["site_id", "rev", "kind", "id", "scope"], unique=False
    )
    op.create_index("ix_feed_row_scope", "feed_row", ["site_id", "scope"], unique=False)
    op.create_table(
        "feed_site",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("min_rev", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_feed_site")),
    )
    op.create_table(
        "idempotency",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("body_sha", sa.String(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("media", sa.String(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_made_ms"), "idempotency", ["made_ms"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("loop_code", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("options", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("mapping", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("fixes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("all_or_nothing", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "import_row",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "batch_id", "row_no", name=op.f("pk_import_row")),
    )
    op.create_table(
        "job",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("waiting_key", sa.String(), nullable=True),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_job")),
        sa.UniqueConstraint("waiting_key", name=op.f("uq_job_waiting_key")),
    )
    op.create_index(op.f("ix_job_not_before"), "job", ["not_before"], unique=False)
    op.create_index(op.f("ix_job_state"), "job", ["state"], unique=False)
    op.create_table(
        "lateness",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("late_s", sa.BigInteger(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "visit_id", "step", name=op.f("pk_lateness")),
    )
    op.create_table(
        "lease",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "name", name=op.f("pk_lease")),
    )
    op.create_table(
        "leg",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("profile_key", sa.String(), nullable=False),
        sa.Column("graph_version", sa.String(), nullable=False),
        sa.Column("from_key", sa.String(), nullable=False),
        sa.Column("to_key", sa.String(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("metres", sa.BigInteger(), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=True),
        sa.Column("p70_s", sa.BigInteger(), nullable=True),
        sa.Column("var_s2", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "site_id",
            "profile_key",
            "graph_version",
            "from_key",
            "to_key",
            "bucket",
            "source",
            name=op.f("pk_leg"),
        ),
    )
    op.create_table(
        "load_line",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("order_ref", sa.String(), nullable=True),
        sa.Column("part_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("qty", sa.BigInteger(), nullable=False),
        sa.Column("unit_label", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("consignee", sa.String(), nullable=True),
        sa.Column("pickup_visit", sa.Uuid(), nullable=True),
        sa.Column("drop_visit", sa.Uuid(), nullable=True),
        sa.Column("weight_kg", sa.Float(), nullable=True),
        sa.Column("volume_l", sa.Float(), nullable=True),
        sa.Column("max_ride_s", sa.BigInteger(), nullable=True),
        sa.Column("goods_class", sa.String(), nullable=True),
        sa.Column("promise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_load_line")),
    )
    op.create_index(
        op.f("ix_load_line_site_id_run_id"), "load_line", ["site_id", "run_id"], unique=False
    )
    op.create_table(
        "location",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("x_m", sa.Float(), nullable=True),
        sa.Column("y_m", sa.Float(), nullable=True),
        sa.Column("geocode_precision", sa.String(), nullable=False),
        sa.Column("geofence_m", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("windows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("service_fixed_s", sa.BigInteger(), nullable=False),
        sa.Column("service_per_unit_s", sa.BigInteger(), nullable=False),
        sa.Column("access", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("dock_to_stock_s", sa.BigInteger(), nullable=False),
        sa.Column("contact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("note_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note_by", sa.String(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("empties", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("in_feed", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_location")),
        sa.UniqueConstraint("site_id", "ref", name=op.f("uq_location_site_id_ref")),
    )
    op.create_table(
        "loop",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("life_state", sa.String(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=True),
        sa.Column("exceptions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("departure_policy", sa.String(), nullable=False),
        sa.Column("current_version", sa.BigInteger(), nullable=True),
        sa.Column("trial_since", sa.Date(), nullable=True),
        sa.Column("stable_since", sa.Date(), nullable=True),
        sa.Column("last_review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("baseline_id", sa.Uuid(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_loop")),
        sa.UniqueConstraint("site_id", "code", name=op.f("uq_loop_site_id_code")),
    )
    op.create_table(
        "loop_version",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loop_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("rrule", sa.String(), nullable=False),
        sa.Column("anchor_date", sa.Date(), nullable=False),
        sa.Column("start_location", sa.Uuid(), nullable=False),
        sa.Column("end_location", sa.Uuid(), nullable=True),
        sa.Column("end_offset_s", sa.BigInteger(), nullable=True),
        sa.Column("end_leg_m", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("vehicle_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("proof", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("resequence_mode", sa.String(), nullable=False),
        sa.Column("driver_order", sa.String(), nullable=False),
        sa.Column("holiday_rule", sa.String(), nullable=False),
        sa.Column("allow_double", sa.Boolean(), nullable=False),
        sa.Column("cut_off_s", sa.BigInteger(), nullable=False),
        sa.Column("breaks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("legs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_loop_version")),
        sa.UniqueConstraint(
            "site_id", "loop_id", "version", name=op.f("uq_loop_version_site_id_loop_id_version")
        ),
    )
    op.create_table(
        "pair_code",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "code_hash", name=op.f("pk_pair_code")),
    )
    op.create_table(
        "person",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("mail", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("oidc_sub", sa.String(), nullable=True),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("disabled_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_index(op.f("ix_person_mail"), "person", ["mail"], unique=False)
    op.create_table(
        "plan",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("base_version", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ops", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("order", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("times", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("legs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("violations", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_plan")),
        sa.UniqueConstraint(
            "site_id", "run_id", "version", name=op.f("uq_plan_site_id_run_id_version")
        ),
    )
    op.create_table(
        "position",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("t_ms", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("x_m", sa.Float(), nullable=True),
        sa.Column("y_m", sa.Float(), nullable=True),
        sa.Column("acc_m", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "device_id", "t_ms", name=op.f("pk_position")),
    )
    op.create_index(
        op.f("ix_position_site_id_run_id_t_ms"),
        "position",
        ["site_id", "run_id", "t_ms"],
        unique=False,
    )
    op.create_table(
        "proof",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.Column("signer", sa.String(), nullable=True),
        sa.Column("signer_role", sa.String(), nullable=True),
        sa.Column("drop_point", sa.String(), nullable=True),
        sa.Column("pin_ok", sa.Boolean(), nullable=True),
        sa.Column("no_proof_reason", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("short", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lat_e7", sa.BigInteger(), nullable=True),
        sa.Column("lon_e7", sa.BigInteger(), nullable=True),
        sa.Column("acc_m", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_proof")),
    )
    op.create_index("ix_proof_reported", "proof", ["site_id", "reported_at"], unique=False)
    op.create_index("ix_proof_visit", "proof", ["site_id", "visit_id"], unique=False)
    op.create_table(
        "proof_part",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sha", sa.String(), nullable=True),
        sa.Column("media", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_proof_part")),
    )
    op.create_index("ix_proof_part_proof", "proof_part", ["site_id", "proof_id"], unique=False)
    op.create_index("ix_proof_part_sha", "proof_part", ["site_id", "sha"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "person_id", "role", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "run",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loop_id", sa.Uuid(), nullable=True),
        sa.Column("loop_version_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("service_date", sa.Date(), nullable=False),
        sa.Column("departure_no", sa.BigInteger(), nullable=True),
        sa.Column("planned_departure_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_return_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dst_kind", sa.String(), nullable=False),
        sa.Column("plan_state", sa.String(), nullable=False),
        sa.Column("fact_state", sa.String(), nullable=False),
        sa.Column("plan_version", sa.BigInteger(), nullable=False),
        sa.Column("acked_plan_version", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_id", sa.Uuid(), nullable=True),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("start_location", sa.Uuid(), nullable=False),
        sa.Column("end_location", sa.Uuid(), nullable=False),
        sa.Column("driver_order", sa.String(), nullable=False),
        sa.Column("resequence_mode", sa.String(), nullable=False),
        sa.Column("takt_s", sa.BigInteger(), nullable=True),
        sa.Column("cycle_no", sa.BigInteger(), nullable=True),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("gate_overrides", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("note", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("claim", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("gate", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("change", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_from", sa.String(), nullable=False),
        sa.Column("fact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raised", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("marked", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("off_plan", sa.Boolean(), nullable=False),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("in_feed", sa.Boolean(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "site_id",
            "loop_id",
            "service_date",
            "departure_no",
            name=op.f("uq_run_site_id_loop_id_service_date_departure_no"),
        ),
    )
    op.create_index(
        op.f("ix_run_site_id_plan_state_planned_departure_at"),
        "run",
        ["site_id", "plan_state", "planned_departure_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_run_site_id_service_date"), "run", ["site_id", "service_date"], unique=False
    )
    op.create_table(
        "shift",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("start_local", sa.String(), nullable=False),
        sa.Column("end_local", sa.String(), nullable=False),
        sa.Column("breaks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_calendar_id"), "shift", ["calendar_id"], unique=False)
    op.create_table(
        "site",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tz", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("subdivision", sa.String(), nullable=False),
        sa.Column("lang", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("day_start_local", sa.String(), nullable=True),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_site")),
    )
    op.create_table(
        "stop",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loop_version_id", sa.Uuid(), nullable=False),
        sa.Column("pos", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("windows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("fixed_time_local", sa.String(), nullable=True),
        sa.Column("service_s", sa.BigInteger(), nullable=True),
        sa.Column("buffer_s", sa.BigInteger(), nullable=False),
        sa.Column("offset_s", sa.BigInteger(), nullable=True),
        sa.Column("leg_m", sa.BigInteger(), nullable=True),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("proof", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("checks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("lines", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_stop")),
    )
    op.create_index(op.f("ix_stop_location_id"), "stop", ["location_id"], unique=False)
    op.create_index(op.f("ix_stop_loop_version_id"), "stop", ["loop_version_id"], unique=False)
    op.create_table(
        "stop_visit",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("stop_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("pos", sa.BigInteger(), nullable=False),
        sa.Column("plan_state", sa.String(), nullable=False),
        sa.Column("windows", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("proof", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("checks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("max_boxes", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("planned_arrival_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_departure_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service_s", sa.BigInteger(), nullable=False),
        sa.Column("buffer_s", sa.BigInteger(), nullable=False),
        sa.Column("offset_s", sa.BigInteger(), nullable=True),
        sa.Column("lock", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("cancelled_rev", sa.BigInteger(), nullable=True),
        sa.Column("fact_state", sa.String(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("service_end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.Column("proof_id", sa.Uuid(), nullable=True),
        sa.Column("fact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("raised", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("off_plan", sa.Boolean(), nullable=False),
        sa.Column("eta_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("eta_low_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("eta_high_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("eta_made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("eta_basis", sa.String(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_stop_visit")),
    )
    op.create_index(
        op.f("ix_stop_visit_site_id_location_id"),
        "stop_visit",
        ["site_id", "location_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_stop_visit_site_id_run_id"), "stop_visit", ["site_id", "run_id"], unique=False
    )
    op.create_table(
        "stream",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("recv", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("durable", sa.BigInteger(), nullable=False),
        sa.Column("forked_from", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_stream")),
    )
    op.create_index("ix_stream_device", "stream", ["site_id", "device_id"], unique=False)
    op.create_table(
        "stream_pos",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "stream_id", "seq", name=op.f("pk_stream_pos")),
    )
    op.create_index("ix_stream_pos_event", "stream_pos", ["site_id", "event_id"], unique=False)
    op.create_table(
        "vehicle",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("plate", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("capacity_kg", sa.Float(), nullable=True),
        sa.Column("capacity_l", sa.Float(), nullable=True),
        sa.Column("capacity_units", sa.Float(), nullable=True),
        sa.Column("goods_carriers", sa.BigInteger(), nullable=True),
        sa.Column("height_m", sa.Float(), nullable=True),
        sa.Column("energy", sa.String(), nullable=False),
        sa.Column("range_m", sa.BigInteger(), nullable=True),
        sa.Column("cost_per_km_minor", sa.BigInteger(), nullable=True),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("carrier_id", sa.Uuid(), nullable=True),
        sa.Column("service_due_date", sa.Date(), nullable=True),
        sa.Column("service_due_m", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_vehicle")),
    )
    op.create_index(op.f("ix_vehicle_carrier_id"), "vehicle", ["carrier_id"], unique=False)
    op.create_table(
        "web_session",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "token_hash", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_id"), "web_session", ["id"], unique=False)
    op.create_index(op.f("ix_web_session_person_id"), "web_session", ["person_id"], unique=False)
    op.create_table(
        "zone",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("strength", sa.String(), nullable=False),
        sa.Column("postcodes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("polygon", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("penalty_s", sa.BigInteger(), nullable=False),
        sa.Column("driver_ids", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_zone")),
    )


def downgrade() -> None:
    op.drop_table("zone")
    op.drop_index(op.f("ix_web_session_person_id"), table_name="web_session")
    op.drop_index(op.f("ix_web_session_id"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_vehicle_carrier_id"), table_name="vehicle")
    op.drop_table("vehicle")
    op.drop_index("ix_stream_pos_event", table_name="stream_pos")
    op.drop_table("stream_pos")
    op.drop_index("ix_stream_device", table_name="stream")
    op.drop_table("stream")
    op.drop_index(op.f("ix_stop_visit_site_id_run_id"), table_name="stop_visit")
    op.drop_index(op.f("ix_stop_visit_site_id_location_id"), table_name="stop_visit")
    op.drop_table("stop_visit")
    op.drop_index(op.f("ix_stop_loop_version_id"), table_name="stop")
    op.drop_index(op.f("ix_stop_location_id"), table_name="stop")
    op.drop_table("stop")
    op.drop_table("site")
    op.drop_index(op.f("ix_shift_calendar_id"), table_name="shift")
    op.drop_table("shift")
    op.drop_index(op.f("ix_run_site_id_service_date"), table_name="run")
    op.drop_index(op.f("ix_run_site_id_plan_state_planned_departure_at"), table_name="run")
    op.drop_table("run")
    op.drop_table("role_grant")
    op.drop_index("ix_proof_part_sha", table_name="proof_part")
    op.drop_index("ix_proof_part_proof", table_name="proof_part")
    op.drop_table("proof_part")
    op.drop_index("ix_proof_visit", table_name="proof")
    op.drop_index("ix_proof_reported", table_name="proof")
    op.drop_table("proof")
    op.drop_index(op.f("ix_position_site_id_run_id_t_ms"), table_name="position")
    op.drop_table("position")
    op.drop_table("plan")
    op.drop_index(op.f("ix_person_mail"), table_name="person")
    op.drop_table("person")
    op.drop_table("pair_code")
    op.drop_table("loop_version")
    op.drop_table("loop")
    op.drop_table("location")
    op.drop_index(op.f("ix_load_line_site_id_run_id"), table_name="load_line")
    op.drop_table("load_line")
    op.drop_table("leg")
    op.drop_table("lease")
    op.drop_table("lateness")
    op.drop_index(op.f("ix_job_state"), table_name="job")
    op.drop_index(op.f("ix_job_not_before"), table_name="job")
    op.drop_table("job")
    op.drop_table("import_row")
    op.drop_table("import_batch")
    op.drop_index(op.f("ix_idempotency_made_ms"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_table("feed_site")
    op.drop_index("ix_feed_row_scope", table_name="feed_row")
    op.drop_index("ix_feed_row_rev", table_name="feed_row")
    op.drop_table("feed_row")
    op.drop_table("feed_rev")
    op.drop_index(
        "uq_exception_item_open",
        table_name="exception_item",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("ix_exception_item_rev", table_name="exception_item")
    op.drop_table("exception_item")
    op.drop_index(
        "ix_event_state_held",
        table_name="event_state",
        sqlite_where=sa.text("status = 'held'"),
        postgresql_where=sa.text("status = 'held'"),
    )
    op.drop_index(
        "ix_event_state_attached",
        table_name="event_state",
        sqlite_where=sa.text("visit_id IS NOT NULL"),
        postgresql_where=sa.text("visit_id IS NOT NULL"),
    )
    op.drop_table("event_state")
    op.drop_table("event_conflict")
    op.drop_index("ix_event_blob_sha", table_name="event_blob")
    op.drop_table("event_blob")
    op.drop_index("ix_event_visit", table_name="event")
    op.drop_index(
        "ix_event_signed_in",
        table_name="event",
        sqlite_where=sa.text("type = 'driver.signed_in'"),
        postgresql_where=sa.text("type = 'driver.signed_in'"),
    )
    op.drop_index("ix_event_run", table_name="event")
    op.drop_table("event")
    op.drop_index(
        op.f("ix_empties_entry_site_id_location_id_container_type"), table_name="empties_entry"
    )
    op.drop_table("empties_entry")
    op.drop_table("empties_balance")
    op.drop_index(op.f("ix_driver_carrier_id"), table_name="driver")
    op.drop_table("driver")
    op.drop_index(op.f("ix_device_token_device_id"), table_name="device_token")
    op.drop_table("device_token")
    op.drop_index("ix_device_scope_scope", table_name="device_scope")
    op.drop_table("device_scope")
    op.drop_index(op.f("ix_device_vehicle_id"), table_name="device")
    op.drop_index(op.f("ix_device_driver_id"), table_name="device")
    op.drop_table("device")
    op.drop_index(op.f("ix_departure_loop_version_id"), table_name="departure")
    op.drop_table("departure")
    op.drop_table("customer_order")
    op.drop_table("control_cycle")
    op.drop_table("carrier")
    op.drop_table("calendar")
    op.drop_table("blob_part")
    op.drop_index(
        "ix_blob_open",
        table_name="blob",
        sqlite_where=sa.text("done IS 0"),
        postgresql_where=sa.text("done IS false"),
    )
    op.drop_table("blob")
    op.drop_table("audit_entry")
    op.drop_table("api_token")
    op.drop_index(op.f("ix_andon_site_id_cleared_at"), table_name="andon")
    op.drop_table("andon")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
