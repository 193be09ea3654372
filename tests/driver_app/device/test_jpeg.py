"""Pictures leave the phone without place, owner and comments, and whole."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from driver_app.device.jpeg import NotAPicture, without_metadata
from tests.helpers.photos import jpeg


def picture(form: str, **kwargs: object) -> bytes:
    """A small real picture of that form."""
    out = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 10, 20)).save(out, form, **kwargs)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    """Camera data with an owner, a place and an orientation."""
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x013B] = "Secret Owner"
    told.get_ifd(0x8825)[1] = "N"
    return told.tobytes()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_owner_and_place_are_dropped_and_the_picture_stays(form: str) -> None:
    content = picture(form, exif=exif())

    found = without_metadata(content)

    assert b"Secret Owner" in content
    assert b"Secret Owner" not in found.content
    assert found.media == f"image/{form.lower()}"
    assert Image.open(io.BytesIO(found.content)).convert("RGB").size == (8, 6)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_only_the_orientation_stays(orientation: int) -> None:
    found = without_metadata(picture("JPEG", exif=exif(orientation)))

    told = Image.open(io.BytesIO(found.content)).getexif()
    assert told.get(0x0112, 1) == orientation
    assert set(told) <= {0x0112}


def test_what_hides_behind_the_end_is_dropped() -> None:
    content = picture("JPEG")

    found = without_metadata(content + b"a hidden film of the driver")

    assert found.content == without_metadata(content).content
    assert found.content.endswith(b"\xff\xd9")


def test_progressive_pictures_are_kept_whole() -> None:
    content = picture("JPEG", progressive=True)

    found = without_metadata(content)

    pixels = Image.open(io.BytesIO(found.content)).tobytes()
    assert pixels == Image.open(io.BytesIO(content)).tobytes()


def test_twice_is_the_same_as_once() -> None:
    once = without_metadata(picture("JPEG", exif=exif(6))).content

    assert without_metadata(once).content == once


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_anywhere_is_refused(form: str) -> None:
    content = picture(form)

    for size in range(0, len(content) - 2, 7):
        with pytest.raises(NotAPicture):
            without_metadata(content[:size])


def test_heic_is_named() -> None:
    content = struct.pack(">I", 24) + b"ftypheic" + b"\x00" * 12

    with pytest.raises(NotAPicture) as refused:
        without_metadata(content)

    assert refused.value.why == "heic"


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(content: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP"):
        try:
            without_metadata(start + content)
        except NotAPicture:
            continue


def test_the_photo_of_the_tests_is_a_photo() -> None:
    assert without_metadata(jpeg("x", 100)).media == "image/jpeg"
