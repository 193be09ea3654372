"""What the bounded process does with a photo, looked at from inside."""

import io
from pathlib import Path

import pytest
from PIL import Image

from server.blobs import decode
from tests.server.blobs.pictures import bomb, moving, picture, turned


def looked(folder: Path, content: bytes) -> Image.Image:
    photo, view, thumb = (folder / name for name in ("photo", "view", "thumb"))
    photo.write_bytes(content)
    decode.look(photo, view, thumb)
    return Image.open(io.BytesIO(view.read_bytes()))


def test_an_upright_copy_without_metadata_is_made(tmp_path: Path) -> None:
    shown = looked(tmp_path, turned())

    assert (shown.size, dict(shown.getexif())) == ((48, 64), {})


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    glass = tmp_path / "glass.png"
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(glass)

    shown = looked(tmp_path, glass.read_bytes())

    assert shown.getpixel((4, 4)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"nothing", "format"),
        (bomb(), "pixels"),
        (moving(), "frames"),
        (picture(size=(300, 200))[:-60], "broken"),
    ],
    ids=["no picture", "bomb", "animation", "half"],
)
def test_what_is_no_single_whole_picture_is_unfit(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(decode.Unfit, match=why):
        looked(tmp_path, content)
