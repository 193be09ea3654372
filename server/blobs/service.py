"""Takes files piece by piece, marks them whole, and has photos looked at."""

import errno
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import UUID

from sqlalchemy import Table, Update, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session

from server.blobs import queries
from server.blobs.look import READY, look_at
from server.blobs.queries import UNREADABLE, BlobView, Standing
from server.blobs.store import Blobs
from server.blobs.strokes import NotStrokes, parse_strokes
from server.blobs.tables import BlobRow
from server.core.clock import Clock, to_ms
from server.core.db import Reads, Writer
from server.core.jobs import Job, Jobs
from server.core.logs import log
from shared.ids import Sha256, SiteId
from shared.refusals import Refusal, refuse

TIDY = "blobs.tidy"
PHOTO, SIGNATURE = "photo", "signature"


class Declared(Protocol):
    """A file a fact speaks of."""

    @property
    def sha(self) -> str:
        """SHA-256 in hex."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def media(self) -> str:
        """Media type as declared; never believed."""
        ...

    @property
    def role(self) -> str:
        """The word photo, signature, document or voice."""
        ...


@dataclass(frozen=True)
class Files:
    """What an upload needs."""

    reads: Reads
    writer: Writer
    store: Blobs
    jobs: Jobs
    clock: Clock


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file has come."""

    offset: int
    size: int
    complete: bool


def declare(session: Session, site_id: SiteId, declared: Iterable[Declared]) -> list[Sha256]:
    """Expect these files; gives those whose size changed, which begin again (sync.md §9)."""
    newest = {one.sha: one for one in declared}
    if not newest:
        return []
    known = queries.blobs(session, site_id, newest.keys())
    rows = [
        {
            "site_id": site_id,
            "sha": sha,
            "size": newest[sha].size,
            "media": newest[sha].media,
            "role": newest[sha].role,
            "done": False,
        }
        for sha in sorted(newest)
        if sha not in known or (not known[sha].done and known[sha].size != newest[sha].size)
    ]
    if rows:
        table = _table()
        statement = insert_or(table)
        session.connection().execute(
            statement.on_conflict_do_update(
                index_elements=["site_id", "sha"],
                set_={"size": statement.excluded.size},
                where=~table.c.done,
            ),
            rows,
        )
    return [Sha256(str(row["sha"])) for row in rows if row["sha"] in known]


def progress(files: Files, site_id: SiteId, sha: Sha256) -> Progress:
    """Say where the upload goes on; finishes what a stopped server left unfinished."""
    blob = _declared(files, site_id, sha)
    if blob.done:
        return Progress(blob.size, blob.size, complete=True)
    if files.store.has(sha):
        files.store.settle(sha)
        return _finish(files, site_id, blob)
    offset = files.store.offset(sha)
    if offset > blob.size:
        files.store.drop_part(sha)
        offset = 0
    if offset == blob.size:
        return _seal(files, site_id, blob)
    return Progress(offset, blob.size, complete=False)


def add(files: Files, site_id: SiteId, sha: Sha256, offset: int, chunk: bytes) -> Progress:
    """Add bytes at the offset the device was told."""
    at = progress(files, site_id, sha)
    if offset != at.offset:
        raise refuse("offset_conflict", members={"offset": at.offset})
    if at.complete:
        return at
    if offset + len(chunk) > at.size:
        members = {"max_bytes": at.size, "offset": at.offset}
        raise refuse("too_large", max_bytes=at.size, members=members)
    with _room():
        reached = files.store.append(sha, offset, chunk) if chunk else offset
    if reached < at.size:
        return Progress(reached, at.size, complete=False)
    return _seal(files, site_id, _declared(files, site_id, sha))


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise refuse("server_full") from error
        if error.errno == errno.EROFS:
            raise refuse("busy") from error
        raise


def _seal(files: Files, site_id: SiteId, blob: BlobView) -> Progress:
    try:
        with _room():
            files.store.seal(blob.sha, blob.size)
    except Refusal:
        # Somebody else may have sealed it while we waited for the lock.
        if not files.store.has(blob.sha):
            raise
        files.store.settle(blob.sha)
    return _finish(files, site_id, blob)


def _finish(files: Files, site_id: SiteId, blob: BlobView) -> Progress:
    now = files.clock.now()
    files.writer.run(lambda session: _mark_done(session, site_id, blob.sha, files.jobs, now))
    return Progress(blob.size, blob.size, complete=True)


def _mark_done(session: Session, site_id: SiteId, sha: Sha256, jobs: Jobs, now: datetime) -> None:
    table = _table()
    session.execute(
        update(table)
        .where(table.c.site_id == site_id, table.c.sha == sha)
        .values(done=True, done_ms=to_ms(now), look=None, look_why=None)
    )
    jobs.submit(session, Job(TIDY, site_id, sha, {"sha": sha}))


def _declared(files: Files, site_id: SiteId, sha: Sha256) -> BlobView:
    found = files.reads.run(lambda session: queries.blob(session, site_id, sha))
    if found is None:
        raise refuse("blob_not_declared")
    return found


def whole(files: Files, site_id: SiteId, sha: Sha256) -> BlobView:
    """A file that has arrived; refuses `not_found` for any other."""
    found = files.reads.run(lambda session: queries.blob(session, site_id, sha))
    if found is None or not found.done:
        raise refuse("not_found")
    return found


def give_up(session: Session, site_id: SiteId, why: Mapping[str, str]) -> None:
    """The device can no longer read these files; nobody asks for them again (sync.md §9)."""
    table = _table()
    for sha in sorted(why):
        session.execute(
            update(table)
            .where(table.c.site_id == site_id, table.c.sha == sha, ~table.c.done)
            .values(look=UNREADABLE, look_why=why[sha])
        )


def tidy(files: Files, job: Job) -> None:
    """Handle the job of a new file: a photo gets its copies for display, strokes are read."""
    sha = Sha256(str(job.payload["sha"]))
    blob = files.reads.run(lambda session: queries.blob(session, job.site_id, sha))
    if blob is None or not blob.done or blob.look is not None:
        return
    word = _word(files.store, blob)
    look, why = (READY, None) if word == READY else (UNREADABLE, word)
    table = _table()
    statement = (
        update(table)
        .where(table.c.site_id == job.site_id, table.c.sha == sha)
        .values(look=look, look_why=why)
    )
    files.writer.run(lambda session: _execute(session, statement))


def _word(store: Blobs, blob: BlobView) -> str:
    if blob.role == PHOTO:
        return look_at(store, blob.sha)
    if blob.role == SIGNATURE:
        try:
            with store.read(blob.sha) as file:
                parse_strokes(file.read())
        except NotStrokes as error:
            return str(error)
    return READY


def check(files: Files) -> None:
    """Compare table and store both ways, at the start and after a restore (sync.md S13)."""
    here = set(files.store.all())
    for one in files.reads.run(queries.standing):
        found = one.sha in here and (_same_size(files.store, one) or not one.done)
        if one.done and not found:
            reopen(files.store, files.writer, one.site_id, one.sha)
        elif found and not one.done:
            _take_over(files, one)


def _take_over(files: Files, one: Standing) -> None:
    """Count a file that is here although the table does not say so, if it is what it should be."""
    if not files.store.is_whole(one.sha):
        files.store.set_aside(one.sha)
        return
    log.warning("file differs from table", object_kind="blob", reason="bytes are here")
    _finish(files, one.site_id, _declared(files, one.site_id, one.sha))


def _same_size(store: Blobs, one: Standing) -> bool:
    path = store.path(one.sha)
    return path is None or path.stat().st_size == one.size


def reopen(store: Blobs, writer: Writer, site_id: SiteId, sha: Sha256) -> None:
    """Ask again for a file whose bytes are lost or damaged; what is left of it is set aside."""
    log.warning("file differs from table", object_kind="blob", reason="bytes are missing")
    store.set_aside(sha)
    table = _table()
    statement = (
        update(table)
        .where(table.c.site_id == site_id, table.c.sha == sha)
        .values(done=False, done_ms=None, look=None, look_why=None)
    )
    writer.run(partial(_execute, statement=statement))


def note_backup(
    session: Session, files: Collection[tuple[SiteId, Sha256]], backup_id: UUID
) -> None:
    """Remember the first backup that holds these files."""
    table = _table()
    for site_id, sha in sorted(files):
        session.execute(
            update(table)
            .where(table.c.site_id == site_id, table.c.sha == sha, table.c.backed_up.is_(None))
            .values(backed_up=backup_id)
        )


def _execute(session: Session, statement: Update) -> None:
    session.execute(statement)


def _table() -> Table:
    table: Table = BlobRow.__table__  # type: ignore[attr-defined]
    return table
