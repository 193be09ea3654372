"""Makes verified backups and moves `durable` by what they hold (sync.md S12, trust.md §12)."""

import errno
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import Session, col

from server.backup import copies, files, folders, queries, rules
from server.backup.copies import Dumped, Figures
from server.backup.folders import Backup, Manifest, Target
from server.backup.kit import Kit, Tools, copies_of, works
from server.backup.queries import BACKUP, DRILL
from server.backup.rules import Health
from server.backup.tables import BackupRun
from server.blobs import queries as blob_queries
from server.blobs import service as blobs
from server.blobs.queries import Standing
from server.core import logs
from server.core.clock import to_ms
from server.core.hosting import MISSING, Stop
from server.core.logs import log
from server.core.settings import Settings
from server.facts import durable
from server.facts.durable import Stream
from shared.ids import NIL, Sha256, SiteId
from shared.refusals import Refusal

__all__ = ["BackupFailed", "Kit", "Tools", "back_up", "note_drill", "on_same_disk", "protection"]

COPY = "copy"  # a backup somewhere else, by hand: `durable` does not follow it
WHY_MAX = 500


class BackupFailed(Stop):
    """No backup was made; the older ones and `durable` stay as they were."""

    def __init__(self, why: str) -> None:
        super().__init__(MISSING, f"No backup was made: {why}")
        self.why = why


@dataclass(frozen=True, slots=True)
class _Made:
    """A backup in its place, and what the live database is to be told of it."""

    backup: Backup
    whole: frozenset[tuple[SiteId, Sha256]]
    lost: frozenset[tuple[SiteId, Sha256]]


def back_up(kit: Kit, target: Path | None = None) -> Backup:
    """Make one verified backup; raises BackupFailed and changes nothing if that cannot be done.

    Only a backup in the server's own target moves `durable`.
    """
    at, place = kit.tools.clock.now(), kit.target(target)
    own = place.path == kit.target().path
    key = kit.tools.fresh(at)
    try:
        _begin(kit, key, BACKUP if own else COPY, place.path, at)
        with place.held():
            made = _make(kit, place, key, at)
            _finish(kit, key, made, own=own)
            _thin_out(place, at)
    except Exception as error:
        why = _why(error, place.path)
        log.error("backup failed", reason=why, exc_info=error)
        with suppress(Exception):
            _end(kit, key, why=why)
        raise BackupFailed(why) from error
    return made.backup


def _thin_out(place: Target, at: datetime) -> None:
    """Remove what need not be kept; trouble with old backups does not undo the new one."""
    try:
        place.thin_out(at)
    except OSError as error:
        log.error("old backups stay", reason=_why(error, place.path), exc_info=error)


def _why(error: Exception, place: Path) -> str:
    """Say in one sentence what the operator can mend."""
    if isinstance(error, BlockingIOError):
        return f"another backup into {place} is being made."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"the disk of {place} is full."
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"{place} cannot be written ({error.strerror})."
    if isinstance(error, Stop):
        return error.sentence
    if isinstance(error, Refusal):
        return error.sentence()
    if "disk is full" in str(error):
        return f"the disk of {place} is full."
    return f"{type(error).__name__} at {logs.where(error)}: {error}"[:WHY_MAX]


def _make(kit: Kit, target: Target, key: UUID, at: datetime) -> _Made:
    """Snapshot, files, verification; the new name is the last step."""
    disk = kit.tools.disk
    older = folders.found(target.path)
    target.sweep()
    folder = target.partial(key)
    disk.folder(folder)
    kind = copies_of(kit.settings, kit.tools, key)

    def copy_out(session: Session) -> tuple[Figures, Dumped, str]:
        counted = copies.figures(session)  # fixes the snapshot that is copied
        return counted, kind.copy_out(session, folder, disk), copies.revision(session)

    counted, dumped, step = kit.reads.run(copy_out)
    with kind.opened(folder, dumped, step) as copy:
        copies.same(copies.figures(copy), counted)
        declared = blob_queries.standing(copy)
        known = set(older[0].shas()) if older else set()
        here = files.gather(target, kit.blobs, declared, known)
        safe = _durable(copy, declared, here)
    listed = disk.write(folder / folders.FILES, (f"{sha}\n".encode() for sha in sorted(here)))
    manifest = Manifest(
        id=str(key),
        number=target.next_number(),
        made_ms=to_ms(at),
        server_id=kit.server_id,
        database=kind.database,
        revision=step,
        files={**dumped.files, folders.FILES: listed},
        columns=dumped.columns,
        tables=counted.tables,
        streams=_streams(counted, safe),
        blobs=len(here),
    )
    disk.write(folder / folders.MANIFEST, [manifest.model_dump_json(indent=1).encode()])
    disk.sync(folder)
    path = target.named(manifest.number, at)
    disk.rename(folder, path)
    done = {(one.site_id, one.sha) for one in declared if one.done}
    whole = {(site_id, sha) for site_id, sha in done if sha in here}
    return _Made(Backup(path, manifest), frozenset(whole), frozenset(done - whole))


def _durable(copy: Session, declared: Iterable[Standing], here: set[Sha256]) -> dict[Stream, int]:
    """How far each stream is in the copy with all its files; what no device can read is settled."""
    settled = {
        (one.site_id, one.sha)
        for one in declared
        if (one.sha in here if one.done else one.unreadable)
    }
    return durable.safe_places(copy, settled)


def _streams(counted: Figures, safe: dict[Stream, int]) -> list[tuple[str, str, int, str, int]]:
    return [
        (str(stream[0]), str(stream[1]), place, chain, safe[stream])
        for stream, (place, chain) in sorted(counted.heads.items())
    ]


def _finish(kit: Kit, key: UUID, made: _Made, *, own: bool) -> None:
    """Tell the live database what is safe now, and what must be asked for again."""
    if own:
        for some in works(sorted(made.backup.durable.items())):
            kit.writer.run(partial(durable.note_durable, places=dict(some)))
        noted = {
            (one.site_id, one.sha)
            for one in kit.reads.run(blob_queries.standing)
            if one.backed_up is None
        }
        for part in works(sorted(made.whole & noted)):
            kit.writer.run(partial(blobs.note_backup, files=part, backup_id=key))
    for site_id, sha in sorted(made.lost):
        if not kit.blobs.has(sha) or not kit.blobs.is_whole(sha):
            blobs.reopen(kit.blobs, kit.writer, site_id, sha)
    _end(kit, key, backup=made.backup)


def _begin(kit: Kit, key: UUID, kind: str, path: Path, at: datetime) -> None:
    row = BackupRun(site_id=NIL, id=key, kind=kind, started_ms=to_ms(at), path=str(path))
    old = to_ms(at - timedelta(days=rules.BACKUP_KEEP_D))

    def work(session: Session) -> None:
        session.execute(delete(BackupRun).where(col(BackupRun.started_ms) < old))
        session.add(row)

    kit.writer.run(work)


def _end(kit: Kit, key: UUID, *, backup: Backup | None = None, why: str | None = None) -> None:
    values: dict[str, object] = {
        "finished_ms": kit.tools.clock.ms(),
        "verified": backup is not None,
        "why": why,
    }
    if backup is not None:
        values["path"] = str(backup.path)
        values["db_sha"] = backup.manifest.db_sha
    statement = (
        update(BackupRun)
        .where(col(BackupRun.site_id) == NIL, col(BackupRun.id) == key)
        .values(**values)
    )

    def work(session: Session) -> None:
        session.execute(statement)

    kit.writer.run(work)


def note_drill(kit: Kit, path: Path, at: datetime, why: str | None) -> None:
    """Write down that a drill was held and what it found."""
    row = BackupRun(
        site_id=NIL, id=kit.tools.fresh(at), kind=DRILL, started_ms=to_ms(at),
        finished_ms=kit.tools.clock.ms(), path=str(path), verified=why is None, why=why,
    )  # fmt: skip

    def work(session: Session) -> None:
        session.add(row)

    kit.writer.run(work)


def protection(session: Session, settings: Settings, now_ms: int) -> Health:
    """How well the server is protected by its own backups."""
    every_s = queries.every_s(sqlite=settings.sqlite)
    return rules.health(queries.history(session, every_s), now_ms)


def on_same_disk(settings: Settings) -> bool:
    """Whether the backups would be lost together with the data."""
    target = settings.backups.absolute()
    while not target.exists() and target != target.parent:
        target = target.parent
    return target.stat().st_dev == settings.data.stat().st_dev
