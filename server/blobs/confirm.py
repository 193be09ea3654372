"""Reads a file that counts as arrived once more, and asks for it again if it is not what it was."""

from sqlalchemy import Table, update

from server.blobs import queries
from server.blobs.service import Files
from server.blobs.tables import BlobRow
from server.core.logs import log
from shared.ids import Sha256, SiteId


def confirm(files: Files, site_id: SiteId, sha: Sha256) -> bool:
    """Whether the stored bytes have this digest now; bytes that differ are set aside.

    A file that is gone or spoilt counts as not arrived from here on: its device is asked again.
    """
    blob = files.reads.run(lambda session: queries.blob(session, site_id, sha))
    if blob is None or not blob.done:
        return False
    if files.store.has(sha) and files.store.is_whole(sha):
        return True
    log.error("file is not what it was", object_kind="blob", object_id=sha)
    files.store.set_aside(sha)
    table: Table = BlobRow.__table__  # type: ignore[attr-defined]
    this = update(table).where(table.c.site_id == site_id, table.c.sha == sha)
    again = this.values(done=False, done_ms=None, look=None, look_why=None)
    files.writer.run(lambda session: session.execute(again) and None)
    return False
