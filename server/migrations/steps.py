"""Brings a database to the newest step, and recognises one that is ahead of this program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from server.core.db import write_engine
from server.core.hosting import MISSING, Stop
from server.core.settings import Settings

FOLDER = Path(__file__).parent


class NewerDatabase(Stop):
    """The database was written by a newer Milk Run; this one must not touch it."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            MISSING,
            f"The database is at step {revision}, which this Milk Run does not know yet: "
            "a newer version wrote it. Start that version, or restore a backup.",
        )


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest step this program knows."""
    return _newest(ScriptDirectory.from_config(_config()))


def _newest(script: ScriptDirectory) -> str:
    newest = script.get_current_head()
    assert newest is not None, "there is at least one step"
    return newest


def current(connection: Connection) -> str | None:
    """The step the database is at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(settings: Settings) -> str:
    """Carry out the missing steps in one transaction and name the step reached."""
    engine = write_engine(settings)
    try:
        with engine.begin() as connection:
            bring(connection)
    finally:
        engine.dispose()
    return head()


def bring(connection: Connection, to: str | None = None) -> None:
    """Carry out the missing steps up to one, the newest if none is named, in this transaction."""
    script = ScriptDirectory.from_config(_config())
    known = {step.revision for step in script.walk_revisions()}
    wanted, at = to or _newest(script), current(connection)
    for revision in (at, wanted):
        if revision is not None and revision not in known:
            raise NewerDatabase(revision)
    if at != wanted:
        command.upgrade(_config(connection), wanted)
