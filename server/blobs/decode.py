"""Looks at one photo in a process of its own, with little memory and little time.

Run as a script: `decode.py PHOTO VIEW THUMB`; prints one word, `ready` or why not.
"""

import resource
import sys
from pathlib import Path

from PIL import Image, ImageFile, ImageOps

PHOTO_MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP")
VIEW_PIXELS, THUMB_PIXELS = 1_600, 320
MEMORY_BYTES = 1 << 30
CPU_S = 10
QUALITY = 82
READY = "ready"


class Unfit(Exception):
    """This photo will not be shown; its word says why."""


def bound() -> None:
    """Let the system stop this process before a hostile photo stops the server."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))


def look(photo: Path, view: Path, thumb: Path) -> None:
    """Decode fully and write two copies without metadata, upright, of bounded size."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # ours is checked below, and is smaller
    try:
        image = Image.open(photo, formats=FORMATS)
    except (OSError, ValueError) as error:
        raise Unfit("format") from error
    with image:
        if image.width * image.height > PHOTO_MAX_PIXELS:
            raise Unfit("pixels")
        if getattr(image, "n_frames", 1) != 1:
            raise Unfit("frames")
        shown = upright(image)
    shown.save(view, "JPEG", quality=QUALITY, optimize=True)
    shown.thumbnail((THUMB_PIXELS, THUMB_PIXELS))
    shown.save(thumb, "JPEG", quality=QUALITY)


def upright(image: Image.Image) -> Image.Image:
    """Scale down before colours are converted, turn as the camera says, put on white."""
    try:
        image.draft("RGB", (VIEW_PIXELS, VIEW_PIXELS))
        image.load()
        turned = ImageOps.exif_transpose(image)
        turned.thumbnail((VIEW_PIXELS, VIEW_PIXELS))
        return on_white(turned)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Unfit("broken") from error


def on_white(image: Image.Image) -> Image.Image:
    """A new picture of the same colours and nothing else."""
    plain = Image.new("RGB", image.size, "white")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        plain.paste(layer, mask=layer)
    else:
        plain.paste(image.convert("RGB"))
    return plain


def main(photo: str, view: str, thumb: str) -> str:
    """Look at the photo and say how it went."""
    bound()
    try:
        look(Path(photo), Path(view), Path(thumb))
    except Unfit as error:
        return str(error)
    except MemoryError:
        return "memory"
    return READY


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:4]))
