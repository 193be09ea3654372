"""Drafts the next step from what the tables say and the steps do not: a command for developers."""

import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from server.core.db import METADATA, write_engine
from server.core.settings import Settings
from server.migrations import steps

VERSIONS = steps.FOLDER / "versions"
STEP = '''"""{why}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    {downgrade}
'''


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write types as the databases know them, so that a step needs none of today's code."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return "sa.JSON(none_as_null=True)" if isinstance(item, sa.JSON) else False


def draft(why: str) -> str | None:
    """Give the text of the next step; None when steps and tables agree.

    What only one database understands (conditions of partial indexes) needs a second look.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.read(data=Path(folder)).model_copy(update={"database_url": None})
        head = steps.migrate(settings)
        engine = write_engine(settings)
        with engine.connect() as connection:
            options = {"target_metadata": METADATA, "compare_type": True, "render_as_batch": True}
            context = MigrationContext.configure(connection, opts=options)
            made = produce_migrations(context, METADATA)
            assert made.upgrade_ops is not None, "one database has one list of ops"
            assert made.downgrade_ops is not None, "and one back"
            if made.upgrade_ops.is_empty():
                return None
            up, down = (
                render_python_code(
                    ops, render_as_batch=True, render_item=_render, migration_context=context
                ).strip()
                for ops in (made.upgrade_ops, made.downgrade_ops)
            )
        engine.dispose()
    revision = f"{int(head) + 1:04}"
    return STEP.format(why=why, revision=revision, before=head, upgrade=up, downgrade=down)


def main(words: list[str]) -> int:
    """Write the next step, named by these words, beside the others."""
    why = " ".join(words) or "Next shape"
    text = draft(why)
    if text is None:
        sys.stdout.write("The steps build what the tables say; nothing to do.\n")
        return 0
    name = "_".join(why.lower().split())
    path = VERSIONS / f"{int(steps.head()) + 1:04}_{name}.py"
    path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{path.name} is drafted; read it, format it, try it on both databases.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
