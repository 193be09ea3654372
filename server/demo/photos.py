"""Draws the sample photos of the demo: `python -m server.demo.photos FOLDER`; no real places."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter

from server.demo.keys import DEMO_SEED

SIZE = (960, 720)
QUALITY = 72
FLOOR = 520
Box = tuple[int, int, int, int]
Draw = Callable[[ImageDraw.ImageDraw, Random], None]


def hall() -> Image.Image:
    """A wall and a floor that get darker towards the corner, as a phone would see them."""
    image = Image.new("RGB", SIZE)
    canvas = ImageDraw.Draw(image)
    for y in range(SIZE[1]):
        light = 190 - y // 8 if y < FLOOR else 120 - (y - FLOOR) // 5
        canvas.line((0, y, SIZE[0], y), fill=(light, light, max(0, light - 12)))
    return image


def pallets(canvas: ImageDraw.ImageDraw, chance: Random) -> None:
    """Wrapped boxes on wooden pallets."""
    for no in range(3):
        left = 90 + no * 275
        canvas.rectangle((left - 15, 590, left + 235, 625), fill=(142, 104, 62))
        for row in range(3):
            for column in range(2):
                at = (left + column * 112, 330 + row * 86)
                shade = chance.randint(150, 190)
                box = (at[0], at[1], at[0] + 106, at[1] + 82)
                canvas.rectangle(box, fill=(shade, shade - 32, shade - 74), outline=(92, 70, 44))
        canvas.rectangle((left + 62, 420, left + 150, 474), fill=(244, 244, 240))
        _code(canvas, (left + 70, 430, left + 142, 464), chance)


def door(canvas: ImageDraw.ImageDraw, chance: Random) -> None:
    """A loading door with parcels in front of it."""
    canvas.rectangle((250, 90, 710, FLOOR + 20), fill=(74, 92, 108), outline=(38, 46, 54), width=8)
    for y in range(130, FLOOR, 54):
        canvas.line((258, y, 702, y), fill=(58, 74, 88), width=4)
    canvas.rectangle((610, 40, 700, 84), fill=(232, 190, 60))
    for no in range(4):
        left, top = 280 + no * 98, 470 - 34 * (no % 2)
        shade = chance.randint(160, 200)
        canvas.rectangle((left, top, left + 90, 600), fill=(shade, shade - 34, shade - 80),
                         outline=(96, 74, 48))  # fmt: skip
        canvas.line((left + 45, top, left + 45, 600), fill=(222, 206, 170), width=10)


def cages(canvas: ImageDraw.ImageDraw, chance: Random) -> None:
    """Roll cages with crates, some of them empty."""
    for no in range(4):
        left = 60 + no * 220
        for row in range(4):
            if chance.random() < 0.75:
                colour = chance.choice([(52, 120, 84), (176, 62, 52), (52, 84, 148)])
                top = 250 + row * 82
                canvas.rectangle((left + 10, top, left + 180, top + 74), fill=colour)
                canvas.rectangle((left + 60, top + 26, left + 130, top + 44), fill=(28, 32, 36))
        for x in range(left, left + 191, 19):
            canvas.line((x, 220, x, 590), fill=(206, 210, 214), width=3)
        for y in (220, 404, 590):
            canvas.line((left, y, left + 190, y), fill=(206, 210, 214), width=5)
        for x in (left + 18, left + 172):
            canvas.ellipse((x - 14, 592, x + 14, 620), fill=(34, 34, 34))


def _code(canvas: ImageDraw.ImageDraw, box: Box, chance: Random) -> None:
    x = box[0]
    while x < box[2]:
        width = chance.choice((1, 2, 4))
        canvas.rectangle((x, box[1], x + width, box[3]), fill=(20, 20, 20))
        x += width + chance.choice((2, 3, 5))


PICTURES: Sequence[tuple[str, Draw]] = (("pallets", pallets), ("door", door), ("cages", cages))


def write(folder: Path) -> list[Path]:
    """Draw all pictures as small JPEGs."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in PICTURES:
        image = hall()
        draw(ImageDraw.Draw(image), Random(f"{DEMO_SEED}/{name}"))
        path = folder / f"{name}.jpg"
        soft = image.filter(ImageFilter.GaussianBlur(0.8))
        soft.save(path, "JPEG", quality=QUALITY, optimize=True)
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]))
