"""Reads a file that counts as arrived once more, and asks for it again if it is not what it was."""

from server.blobs import queries
from server.blobs.service import Files, reopen
from shared.ids import Sha256, SiteId


def confirm(files: Files, site_id: SiteId, sha: Sha256) -> bool:
    """Whether the stored bytes have this digest now; what is spoilt is set aside.

    A file that is gone or spoilt counts as not arrived from here on: its device is asked again.
    """
    blob = files.reads.run(lambda session: queries.blob(session, site_id, sha))
    if blob is None or not blob.done:
        return False
    if files.store.has(sha) and files.store.is_whole(sha):
        return True
    reopen(files.store, files.writer, site_id, sha)
    return False
