"""The way back: a new data folder from a backup, and the drill that proves it can be done."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from server.backup import copies, folders
from server.backup.copies import Copies, Figures
from server.backup.disk import pieces
from server.backup.folders import BLOBS, Backup, Damaged, Target
from server.backup.kit import Kit, Tools, copies_of
from server.backup.service import note_drill
from server.backup.tables import BackupRun
from server.core.hosting import BAD_USE, MISSING, Stop
from server.core.settings import Settings
from server.core.writer import write_within
from server.feed.anew import begin_anew
from server.runs.service.refolding import differing, driven_runs
from shared.ids import RunId, Sha256, SiteId

STAGE, DRILL = ".restoring", ".drill"
DRILL_RUNS = 100
NAMED_MAX = 5


class CannotRestore(Stop):
    """Nothing was restored and nothing is left behind; the text says why."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and files that neither the backup nor the folder has any more."""

    backup: Backup
    data: Path
    missing: tuple[Sha256, ...]


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill that went well: how many runs were folded again, how many files read."""

    backup: Backup
    runs: int
    files: int


def restore(path: Path, to: Settings, tools: Tools) -> Restored:
    """Build a data folder (and a database, on PostgreSQL) from a backup; raises CannotRestore."""
    disk, stage = tools.disk, to.data / STAGE
    try:
        backup = _checked(path, to, tools)
        _empty(to.data)
        disk.folder(to.data)
        disk.folder(stage)
    except (Damaged, OSError) as error:
        raise CannotRestore(MISSING, str(error)) from error
    try:
        with refilled(copies_of(to, tools, backup.id), backup, stage, tools):
            missing = _files(backup, stage, tools)
            disk.rename(stage / BLOBS, to.data / BLOBS)
    except Exception as error:
        if (to.data / BLOBS).exists():
            disk.remove(to.data / BLOBS)
        disk.remove(stage)
        raise CannotRestore(MISSING, _told(error)) from error
    disk.remove(stage)
    return Restored(backup, to.data, missing)


def _told(error: Exception) -> str:
    return error.sentence if isinstance(error, Stop) else f"Nothing was restored: {error}"


def _checked(path: Path, to: Settings, tools: Tools) -> Backup:
    backup = folders.read(path)
    kind = "sqlite" if to.sqlite else "postgresql"
    if backup.manifest.database != kind:
        raise CannotRestore(
            BAD_USE,
            f"The backup is one of {backup.manifest.database}, the settings name {kind}: "
            "see MILKRUN_DATABASE_URL.",
        )
    folders.check_files(backup, tools.disk)
    return backup


def _empty(folder: Path) -> None:
    """Refuse a folder that holds anything but what an interrupted restore has left."""
    held = [path for path in folder.glob("*") if path.name != STAGE] if folder.exists() else []
    if held:
        raise CannotRestore(
            BAD_USE, f"{folder} is not empty; a backup is restored into a new folder."
        )


@contextmanager
def refilled(kind: Copies, backup: Backup, stage: Path, tools: Tools) -> Iterator[Connection]:
    """Fill an empty database, compare it with what was backed up, bring it to the newest step.

    Then a new history of revisions begins: devices read from zero and offer their facts again.
    """
    with kind.filled(backup, stage) as connection:
        write_within(connection, lambda session: _compared(session, backup))
        tools.bring(connection, None)
        write_within(connection, lambda session: _begun_anew(session, backup, tools))
        yield connection


def _compared(session: Session, backup: Backup) -> None:
    if copies.revision(session) != backup.manifest.revision:
        raise Damaged("The database of the backup is at another step than it says.")
    copies.same(copies.figures(session), _figures(backup))


def _begun_anew(session: Session, backup: Backup, tools: Tools) -> None:
    begin_anew(session, tools.clock.now())
    _remember(session, backup, tools)


def _figures(backup: Backup) -> Figures:
    heads = {
        stream: (place, chain)
        for stream, (_, _, place, chain, _) in zip(
            backup.durable, backup.manifest.streams, strict=True
        )
    }
    return Figures(backup.manifest.tables, heads)


def _remember(session: Session, backup: Backup, tools: Tools) -> None:
    """The snapshot was taken before its own run was verified: say so in what is restored."""
    session.execute(
        update(BackupRun)
        .where(col(BackupRun.id) == backup.id)
        .values(
            finished_ms=tools.clock.ms(), verified=True, path=str(backup.path),
            db_sha=backup.manifest.db_sha, why=None,
        )
    )  # fmt: skip


def _files(backup: Backup, stage: Path, tools: Tools) -> tuple[Sha256, ...]:
    """Bring the files, each read again; gives those the backup has no whole copy of."""
    disk, source = tools.disk, Target(backup.path.parent, tools.disk)
    missing = []
    disk.folder(stage / BLOBS)
    for sha in backup.shas():
        if not _whole(source, sha):
            missing.append(sha)
            continue
        place = stage / BLOBS / sha[:2] / sha
        disk.folder(place.parent)
        if not disk.link(source.blob(sha), place):
            with source.blob(sha).open("rb") as file:
                disk.write(place, pieces(file))
    for folder in sorted((stage / BLOBS).glob("??")):
        disk.sync(folder)
    disk.sync(stage / BLOBS)
    return tuple(missing)


def _whole(source: Target, sha: Sha256) -> bool:
    try:
        return source.disk.digest(source.blob(sha)) == sha
    except FileNotFoundError:
        return False


def drill(kit: Kit, seed: int) -> Drilled:
    """Restore the newest backup to a throwaway place and fold runs of it again.

    Raises CannotRestore with what was found; either way a row says when it was.
    """
    at, target = kit.tools.clock.now(), kit.target()
    newest = next(iter(folders.found(target.path)), None)
    if newest is None:
        raise CannotRestore(MISSING, f"There is no backup in {target.path}.")
    try:
        drilled = _drill(kit, newest, target, seed)
    except Exception as error:
        why = _told(error)
        note_drill(kit, newest.path, at, why)
        raise CannotRestore(MISSING, why) from error
    note_drill(kit, newest.path, at, None)
    return drilled


def _drill(kit: Kit, backup: Backup, target: Target, seed: int) -> Drilled:
    folders.check_files(backup, kit.tools.disk)
    shas = backup.shas()
    lost = [sha for sha in shas if not _whole(target, sha)]
    if lost:
        raise Damaged(f"{len(lost)} files of {backup.path} are lost or damaged: {lost[0]} …")
    place = kit.settings.data.absolute() / DRILL
    kit.tools.disk.remove(place)
    kit.tools.disk.folder(place)
    try:
        kind = copies_of(kit.settings, kit.tools, kit.tools.fresh(kit.tools.clock.now()))
        with (
            kind.throwaway(place) as elsewhere,
            refilled(elsewhere, backup, place, kit.tools) as connection,
        ):
            runs = _fold_again(connection, kit.tools, seed)
    finally:
        kit.tools.disk.remove(place)
    return Drilled(backup, runs, len(shas))


def _fold_again(connection: Connection, tools: Tools, seed: int) -> int:
    """Fold some runs of the copy again; raises Damaged if one comes out otherwise."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        known = driven_runs(session)
        chosen = random.Random(seed).sample(known, min(DRILL_RUNS, len(known)))
        by_site: dict[SiteId, list[RunId]] = {}
        for site_id, run_id in chosen:
            by_site.setdefault(site_id, []).append(run_id)
        other = [
            run_id
            for site_id, run_ids in sorted(by_site.items())
            for run_id in differing(session, site_id, run_ids, tools.clock.now())
        ]
        session.rollback()
    if other:
        named = ", ".join(str(run_id) for run_id in other[:NAMED_MAX])
        raise Damaged(f"{len(other)} of {len(chosen)} runs fold to other results: {named}")
    return len(chosen)
