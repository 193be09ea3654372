"""How Alembic reaches the database: the connection `migrate` hands over, or the settings."""

from typing import Any

from alembic import context
from sqlalchemy.engine import Connection

from server.core.db import METADATA, write_engine
from server.core.settings import Settings
from server.migrations import tables as _tables  # noqa: F401 - completes the metadata

FOREIGN_PREFIXES = ("procrastinate", "alembic", "sqlite_")


def _ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the tables of other programs alone."""
    return kind != "table" or name is None or not name.startswith(FOREIGN_PREFIXES)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        include_name=_ours,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _run(handed_over)
else:
    engine = write_engine(Settings.read())
    with engine.begin() as own:
        _run(own)
    engine.dispose()
