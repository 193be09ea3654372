"""The contracts run on the same databases as the server's tests."""

from tests.server.conftest import (
    anyio_backend,
    clock,
    parts,
    postgres_server,
    postgres_template,
    reads,
    settings,
    site,
    sqlite_template,
    writer,
)

__all__ = [
    "anyio_backend",
    "clock",
    "parts",
    "postgres_server",
    "postgres_template",
    "reads",
    "settings",
    "site",
    "sqlite_template",
    "writer",
]
