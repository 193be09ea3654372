"""Brings the files of a snapshot into the store of the backups, each proved by its digest."""

from collections.abc import Iterable
from pathlib import Path

from server.backup.disk import pieces
from server.backup.folders import BLOBS, NEW, Damaged, Target
from server.blobs.queries import Standing
from server.blobs.store import Blobs
from shared.ids import Sha256
from shared.refusals import Refusal


def gather(
    target: Target, store: Blobs, declared: Iterable[Standing], known: set[Sha256]
) -> set[Sha256]:
    """Have every whole file of the snapshot in the target, and say which those are.

    `known` were read again by an earlier backup of this target. What the store itself has lost
    or damaged is left out.
    """
    here: set[Sha256] = set()
    touched: set[Path] = set()
    for one in declared:
        if not one.done or one.sha in here:
            continue
        place = target.blob(one.sha)
        if one.sha in known and _size(place) == one.size:
            here.add(one.sha)
        elif _fetched(target, store, one.sha):
            here.add(one.sha)
            touched.add(place.parent)
    for folder in sorted(touched):
        target.disk.sync(folder)
    if touched:
        target.disk.sync(target.path / BLOBS)
    return here


def _size(place: Path) -> int | None:
    try:
        return place.stat().st_size
    except FileNotFoundError:
        return None


def _fetched(target: Target, store: Blobs, sha: Sha256) -> bool:
    """Copy one file and read the copy again; False when the store has no whole one."""
    place = target.blob(sha)
    target.disk.folder(place.parent)
    if place.exists():
        target.disk.remove(place)
    try:
        _copy(target, store, sha)
    except (FileNotFoundError, Refusal):
        return False
    if target.disk.digest(place) == sha:
        return True
    target.disk.remove(place)
    if store.is_whole(sha):
        raise Damaged(f"The copy of the file {sha} is not as the file itself.")
    return False


def _copy(target: Target, store: Blobs, sha: Sha256) -> None:
    """A second name where both lie on one disk, a copy elsewhere."""
    place, source = target.blob(sha), store.path(sha)
    if source is not None and target.disk.link(source, place):
        return
    new = target.path / BLOBS / f"{NEW}{sha}"
    with store.read(sha) as file:
        target.disk.write(new, pieces(file))
    target.disk.rename(new, place)
