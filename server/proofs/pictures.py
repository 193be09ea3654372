"""The picture of a part: a copy made by the server, never the bytes a device sent."""

from server.blobs.queries import READY
from server.blobs.service import PHOTO, SIGNATURE
from server.blobs.store import Blobs
from server.blobs.strokes import NotStrokes, parse_strokes, svg
from server.core.access import Principal
from server.core.db import Reads
from server.proofs import queries
from shared.ids import Sha256
from shared.refusals import refuse

JPEG, SVG = "image/jpeg", "image/svg+xml"


def picture(reads: Reads, store: Blobs, who: Principal, sha: str, form: str) -> tuple[str, bytes]:
    """Media type and bytes to show; what is not ready or unreadable is not there."""
    file = reads.run(lambda session: queries.part_of(session, who, sha))
    digest = Sha256(sha)
    if file.done and file.role == SIGNATURE:
        return SVG, _drawn(store, digest)
    if file.role != PHOTO or file.look != READY:
        raise refuse("not_found")
    with store.read_form(digest, f"{form}.jpg") as copy:
        return JPEG, copy.read()


def _drawn(store: Blobs, digest: Sha256) -> bytes:
    with store.read(digest) as file:
        content = file.read()
    try:
        return svg(parse_strokes(content)).encode()
    except NotStrokes as error:
        raise refuse("not_found") from error
