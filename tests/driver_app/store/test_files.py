"""Names are flushed as well as bytes: a file whose name a power cut may take is not kept yet."""

import errno
import os
from pathlib import Path

import pytest

from driver_app.store.blobs import BlobFolder
from driver_app.store.drafts import DraftFolder
from driver_app.store.files import DiskFiles


class CountedFiles(DiskFiles):
    """The real disk, which says what was flushed and may fail to flush a folder."""

    def __init__(self) -> None:
        self.flushed: list[Path] = []
        self.fails = 0

    def sync_folder(self, path: Path) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError(errno.EIO, "the disk failed")
        super().sync_folder(path)
        self.flushed.append(path)


@pytest.fixture
def files() -> CountedFiles:
    return CountedFiles()


def test_new_folders_are_flushed_into_those_above_them(files: CountedFiles, tmp_path: Path) -> None:
    files.folder(tmp_path / "phone" / "blobs")

    assert set(files.flushed) == {tmp_path, tmp_path / "phone"}


def test_a_folder_that_is_there_costs_no_flush(files: CountedFiles, tmp_path: Path) -> None:
    files.folder(tmp_path)

    assert files.flushed == []


def test_a_photo_moved_before_the_disk_failed_is_flushed_at_the_second_try(
    files: CountedFiles, tmp_path: Path
) -> None:
    kept, final = DraftFolder(files, tmp_path / "drafts"), BlobFolder(files, tmp_path / "blobs")
    files.folder(final.folder)
    sha = kept.keep("proof:1", b"photo")
    files.fails, files.flushed = 1, []
    with pytest.raises(OSError, match="failed"):
        final.adopt(kept.path("proof:1", sha), sha)

    final.adopt(kept.path("proof:1", sha), sha)

    assert files.flushed == [final.folder]
    assert final.intact(sha) == ""


def test_a_signature_renamed_before_the_disk_failed_is_flushed_at_the_second_try(
    files: CountedFiles, tmp_path: Path
) -> None:
    final = BlobFolder(files, tmp_path)
    files.fails = 1
    with pytest.raises(OSError, match="failed"):
        final.keep(b"strokes")

    sha = final.keep(b"strokes")

    assert files.flushed == [tmp_path]
    assert final.intact(sha) == ""


def test_what_did_not_fit_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="no space"):
        DiskFiles().write(tmp_path / "photo.tmp", b"photo")

    assert list(tmp_path.iterdir()) == []
