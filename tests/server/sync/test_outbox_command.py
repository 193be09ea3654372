"""`milkrun import outbox FILE`: the same door from the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from server.core.hosting import BAD_USE, DONE, FINDINGS, MISSING, Stop
from server.core.http import Parts
from server.sync.command import run
from tests.server.sync.a_device import Circle, Device, photo_of
from tests.server.sync.test_outbox_file import done, outbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def build(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Parts]:
    """The server's parts; the fixture closes them."""
    monkeypatch.setattr(parts, "close", lambda: None)
    return lambda: parts


async def test_a_file_is_taken_and_told_line_by_line(
    van: Device, circle: Circle, build: Callable[[], Parts], tmp_path: Path
) -> None:
    photo = b"\xff\xd8 a photo"
    van.record(done(circle, "bakery", blobs=[photo_of(photo)]))
    file = tmp_path / "van.mro"
    file.write_bytes(outbox(van, blobs=(photo,)))
    said: list[str] = []

    first = run(build, file, out=said.append)
    second = run(build, file, out=said.append)

    assert (first, second) == (DONE, DONE)
    assert said[:3] == ["1 entry is new.", "0 were known already.", "1 files are here."]
    assert said[3:] == ["0 entries are new.", "1 were known already.", "1 files are here."]


async def test_what_waits_or_is_missing_is_a_finding(
    van: Device, circle: Circle, build: Callable[[], Parts], tmp_path: Path
) -> None:
    van.record(done(circle, "bakery", blobs=[photo_of(b"not in the file")]))
    file = tmp_path / "van.mro"
    file.write_bytes(outbox(van, token="mrd_of somebody else"))
    said: list[str] = []

    code = run(build, file, out=said.append)

    assert code == FINDINGS
    assert any("wait for a decision" in line for line in said)
    assert any("missing" in line for line in said)


async def test_no_file_and_no_site_are_told_in_a_sentence(
    van: Device, build: Callable[[], Parts], tmp_path: Path
) -> None:
    del van
    with pytest.raises(Stop) as no_file:
        run(build, tmp_path / "nothing.mro", out=print)
    with pytest.raises(Stop) as folder:
        run(build, tmp_path, out=print)

    assert (no_file.value.code, folder.value.code) == (BAD_USE, BAD_USE)
    assert "nothing.mro" in no_file.value.sentence


async def test_a_server_that_was_never_set_up_takes_no_outbox(
    build: Callable[[], Parts], tmp_path: Path
) -> None:
    with pytest.raises(Stop) as stopped:
        run(build, tmp_path / "van.mro", out=print)

    assert stopped.value.code == MISSING
