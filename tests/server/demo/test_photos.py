"""Sample photos are small JPEGs, the same ones every time."""

from pathlib import Path

from PIL import Image

from server.demo.command import PHOTOS
from server.demo.photos import QUALITY, SIZE, write


def test_the_committed_photos_are_those_that_are_drawn(tmp_path: Path) -> None:
    drawn = write(tmp_path)

    assert QUALITY < 80
    for path in drawn:
        with Image.open(path) as fresh, Image.open(PHOTOS / path.name) as committed:
            assert fresh.format == "JPEG"
            assert fresh.size == committed.size == SIZE
        assert path.stat().st_size < 60_000
