"""Pictures made by the tests: valid ones, and files that lie."""

import io
import zlib
from struct import pack

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """A picture, orange as a milk float."""
    made = io.BytesIO()
    Image.new("RGB", size, (240, 140, 20)).save(made, kind, **options)
    return made.getvalue()


def turned() -> bytes:
    """A picture taken with the phone on its side, with the owner's name in it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x013B] = "Jana Geheim"
    return picture(exif=exif)


def moving() -> bytes:
    """An animation."""
    made = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green")]
    frames[0].save(made, "WEBP", save_all=True, append_images=frames[1:])
    return made.getvalue()


def bomb() -> bytes:
    """A small PNG that says it is 60,000 pixels wide and high."""
    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"\0" * 99))


def _chunk(name: bytes, content: bytes) -> bytes:
    return pack(">I", len(content)) + name + content + pack(">I", zlib.crc32(name + content))
