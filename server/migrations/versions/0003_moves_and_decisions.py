"""Moves of visits between runs, and what people decide about proposals, suggestions and names."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scrub",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("finished_ms", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id", "id", name=op.f("pk_scrub")),
    )
    op.create_table(
        "suggestion",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("rating", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.Column("changed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "event_id", name=op.f("pk_suggestion")),
    )
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.create_index("ix_suggestion_state", ["site_id", "state"], unique=False)

    op.create_table(
        "unlisted_sign_in",
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("reported_ms", sa.BigInteger(), nullable=False),
        sa.Column("driver_id", sa.Uuid(), nullable=True),
        sa.Column("named_by", sa.String(), nullable=True),
        sa.Column("named_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site_id", "event_id", name=op.f("pk_unlisted_sign_in")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proposal", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("delay", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("stop_visit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moves", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("stop_visit", schema=None) as batch_op:
        batch_op.drop_column("moves")

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.drop_column("delay")
        batch_op.drop_column("proposal")

    op.drop_table("unlisted_sign_in")
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.drop_index("ix_suggestion_state")

    op.drop_table("suggestion")
    op.drop_table("scrub")
