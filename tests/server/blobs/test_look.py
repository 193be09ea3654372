"""A photo is looked at in a process of its own; a hostile one harms nobody (trust.md §6)."""

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from server.blobs.look import look_at
from server.blobs.store import FolderBlobs
from shared.ids import Sha256
from tests.server.blobs.pictures import bomb, moving, picture, turned


@pytest.fixture
def store(tmp_path: Path) -> FolderBlobs:
    """An empty folder."""
    return FolderBlobs(tmp_path / "blobs")


def kept(store: FolderBlobs, content: bytes) -> Sha256:
    digest = Sha256(hashlib.sha256(content).hexdigest())
    store.append(digest, 0, content)
    store.seal(digest, len(content))
    return digest


def view(store: FolderBlobs, digest: Sha256, form: str = "view.jpg") -> Image.Image:
    with store.read_form(digest, form) as file:
        return Image.open(io.BytesIO(file.read()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_gets_its_copies(store: FolderBlobs, kind: str) -> None:
    digest = kept(store, picture(kind))

    assert look_at(store, digest) == "ready"

    assert (view(store, digest).format, view(store, digest).size) == ("JPEG", (64, 48))


def test_the_copy_is_upright_and_carries_nothing_of_its_owner(store: FolderBlobs) -> None:
    digest = kept(store, turned())

    look_at(store, digest)

    shown = view(store, digest)
    assert (shown.size, dict(shown.getexif())) == ((48, 64), {})
    with store.read_form(digest, "view.jpg") as file:
        assert b"Geheim" not in file.read()


def test_a_large_photo_is_shown_smaller(store: FolderBlobs) -> None:
    digest = kept(store, picture(size=(3200, 1800)))

    look_at(store, digest)

    assert view(store, digest).size == (1600, 900)
    assert view(store, digest, "thumb.jpg").size == (320, 180)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format"),
        (b"GIF89a" + b"\0" * 40, "format"),
        (bomb(), "pixels"),
        (moving(), "frames"),
        (picture(size=(300, 200))[:-60], "broken"),
        (picture("PNG")[:60], "broken"),
    ],
    ids=["empty", "svg", "gif", "bomb", "animation", "half a jpeg", "half a png"],
)
def test_a_file_that_lies_is_not_shown_and_stays_as_evidence(
    store: FolderBlobs, content: bytes, why: str
) -> None:
    digest = kept(store, content)

    assert look_at(store, digest) == why

    assert store.is_whole(digest)
