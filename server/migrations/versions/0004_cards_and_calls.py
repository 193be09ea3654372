"""Cards, calls, counted stock and handovers of the plant, and which fact speaks of which."""

import json
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Facts recorded before this step speak of Andons, cards and each other as well.
MISSED_ANDON = UUID("6f1d0d3a-6a0e-5c53-9c0b-4f1a7d5b2e10")
STOCK = UUID("5d1f8a60-3c0e-5b7e-9a4d-1b2c3d4e5f60")
SPEAKING = (
    "kanban.scanned", "kanban.fulfilled", "call.prepared", "call.refused", "station.done",
    "station.missed", "stock.counted", "andon.raised", "andon.acknowledged", "andon.cleared",
    "handover.written", "handover.acknowledged", "stop.reopened", "fact.voided",
)  # fmt: skip
DIRECT = ("card", "call", "andon", "handover", "undo")
CHUNK = 500


def upgrade() -> None:
    _make_tables()
    _index_facts(op.get_bind())


def _index_facts(connection: sa.Connection) -> None:
    counted = "SELECT event_id FROM event_state WHERE status = 'ok'"
    event = sa.table(
        "event", sa.column("site_id", sa.Uuid()), sa.column("id", sa.Uuid()),
        sa.column("type"), sa.column("doc"),
    )  # fmt: skip
    found = connection.execute(
        sa.select(event.c.site_id, event.c.id, event.c.type, event.c.doc)
        .where(event.c.type.in_(SPEAKING), event.c.doc.is_not(None))
        .where(sa.text(f"event.id IN ({counted})"))
    ).all()
    rows = [
        {"site_id": site_id, "ref": ref, "event_id": event_id}
        for site_id, event_id, kind, doc in found
        for ref in _refs(event_id, kind, bytes(doc))
    ]
    mention = sa.table(
        "plant_mention",
        *(sa.column(name, sa.Uuid()) for name in ("site_id", "ref", "event_id")),
    )
    for start in range(0, len(rows), CHUNK):
        connection.execute(sa.insert(mention), rows[start : start + CHUNK])


def _refs(event_id: UUID, kind: str, doc: bytes) -> set[UUID]:
    body: dict[str, Any] = json.loads(doc).get("body") or {}
    refs = {UUID(body[key]) for key in DIRECT if body.get(key)}
    refs |= {UUID(name) for name, _qty in body.get("delivered", ()) if UUID(name).version == 5}
    if kind == "kanban.scanned" and body["purpose"] == "call":
        refs.add(uuid5(UUID(body["card"]), str(event_id)))
    if kind == "station.missed":
        refs.add(uuid5(MISSED_ANDON, str(event_id)))
    if kind == "stock.counted":
        refs.add(uuid5(STOCK, f"{body['location']}/{body['item']}"))
    return refs | ({event_id} if kind == "handover.written" else set())


def _make_tables() -> None:
    op.create_table(
        "handover",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("loop_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("open", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("stuck", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("counts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(), nullable=True),
        sa.Column("remark", sa.String(), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_handover")),
    )
    op.create_index(
        "ix_handover_site_id_acknowledged_at", "handover", ["site_id", "acknowledged_at"]
    )
    op.create_table(
        "kanban_call",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("control_cycle_id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("boxes", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called_by", sa.String(), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("aliases", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("short", sa.BigInteger(), nullable=False),
        sa.Column("also", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.Boolean(), nullable=False),
        sa.Column("fact", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_kanban_call")),
    )
    op.create_index("ix_kanban_call_site_id_card_id", "kanban_call", ["site_id", "card_id"])
    op.create_index("ix_kanban_call_site_id_closed_at", "kanban_call", ["site_id", "closed_at"])

    op.create_table(
        "kanban_card",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("control_cycle_id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("print_rev", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_place", sa.Uuid(), nullable=True),
        sa.Column("last_seen_by", sa.String(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_kanban_card")),
        sa.UniqueConstraint(
            "site_id",
            "control_cycle_id",
            "serial",
            name=op.f("uq_kanban_card_site_id_control_cycle_id_serial"),
        ),
    )
    op.create_table(
        "plant_mention",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "ref", "event_id", name=op.f("pk_plant_mention")),
    )
    op.create_index("ix_plant_mention_site_id_event_id", "plant_mention", ["site_id", "event_id"])

    op.create_table(
        "station_stock",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("part_no", sa.String(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("boxes", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_by", sa.String(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "station_id", "part_no", name=op.f("pk_station_stock")),
    )
    op.create_table(
        "stock_entry",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("part_no", sa.String(), nullable=False),
        sa.Column("boxes", sa.BigInteger(), nullable=False),
        sa.Column("hlc", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_stock_entry")),
    )
    op.create_index(
        "ix_stock_entry_site_id_station_id_part_no",
        "stock_entry",
        ["site_id", "station_id", "part_no"],
    )


def downgrade() -> None:
    op.drop_table("stock_entry")
    op.drop_table("station_stock")
    op.drop_table("plant_mention")
    op.drop_table("kanban_card")
    op.drop_table("kanban_call")
    op.drop_table("handover")
