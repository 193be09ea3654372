"""`milkrun backup` and `milkrun restore`: one sentence for every trouble, the right exit code."""

import hashlib
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from server import cli
from server.backup.folders import found
from server.core.hosting import BAD_USE, DONE, FINDINGS, MISSING

Milkrun = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Path:
    """The folder the settings name, with an empty, migrated database."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "milkrun.db").write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("MILKRUN_DATA", str(data))
    return data


@pytest.fixture
def milkrun(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Milkrun:
    """Run a verb in this process: exit code, what it printed, what it said of troubles."""

    def run(*arguments: object) -> tuple[int, str, str]:
        assert data.is_absolute()
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        code = cli.run([str(one) for one in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run


def test_a_backup_is_made_restored_and_served_again(
    milkrun: Milkrun, data: Path, tmp_path: Path
) -> None:
    code, made, _ = milkrun("backup")
    newest = found(data / "backup")[0].path
    restored = milkrun("restore", newest, "--to", tmp_path / "new")

    assert (code, restored[0]) == (DONE, DONE)
    assert "verified" in made
    assert f"MILKRUN_DATA={tmp_path / 'new'}" in restored[1]
    assert (tmp_path / "new" / "milkrun.db").stat().st_mode & 0o777 == 0o600


def test_the_service_may_write_where_backups_go(
    milkrun: Milkrun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILKRUN_BACKUP_DIR", str(tmp_path / "far"))

    _, unit, _ = milkrun("service")

    assert f" -{tmp_path / 'far'}\n" in unit


def test_a_backup_elsewhere_stands_alone(milkrun: Milkrun, data: Path, tmp_path: Path) -> None:
    assert milkrun("backup", "--to", tmp_path / "stick")[0] == DONE

    assert len(found(tmp_path / "stick")) == 1
    assert not (data / "backup").exists()


def test_the_newest_backup_is_tried_out(milkrun: Milkrun) -> None:
    none_yet = milkrun("restore", "--drill")
    milkrun("backup")

    assert none_yet[0] == MISSING
    assert "no backup" in none_yet[2]
    code, said, _ = milkrun("restore", "--drill")
    assert code == DONE
    assert "restored for trial" in said


def test_a_folder_with_anything_in_it_is_never_restored_into(
    milkrun: Milkrun, data: Path, tmp_path: Path
) -> None:
    milkrun("backup")
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")

    code, _, said = milkrun("restore", found(data / "backup")[0].path, "--to", full)

    assert code == BAD_USE
    assert "not empty" in said
    assert [path.name for path in full.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "words", [("restore",), ("restore", "somewhere"), ("restore", "x", "--drill")]
)
def test_half_a_wish_is_answered_with_the_whole_one(
    milkrun: Milkrun, words: tuple[str, ...]
) -> None:
    code, _, said = milkrun(*words)

    assert code == BAD_USE
    assert said.count("\n") == 1


def test_files_the_backup_has_lost_are_a_finding(
    milkrun: Milkrun, data: Path, tmp_path: Path
) -> None:
    milkrun("backup")
    newest = found(data / "backup")[0]
    listed = newest.path / "blobs.txt"
    listed.write_text("ab" * 32 + "\n")
    manifest = newest.path / "manifest.json"
    digest = newest.manifest.files["blobs.txt"]
    other = hashlib.sha256(listed.read_bytes()).hexdigest()
    manifest.write_text(manifest.read_text().replace(digest, other))

    code, _, said = milkrun("restore", newest.path, "--to", tmp_path / "new")

    assert code == FINDINGS
    assert "1 files are missing" in said
