"""Pictures without their secrets: metadata is dropped before anything is hashed, never decoded."""

from typing import NamedTuple

EOI, SOS, FILL = 0xD9, 0xDA, 0xFF
APP1, APP14, APP15, COM = 0xE1, 0xEE, 0xEF, 0xFE
RESTARTS = range(0xD0, 0xD8)
EXIF = b"Exif\x00\x00"
ORIENTATION = 0x0112
PNG = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"pHYs")
)
WEBP_DROPPED = frozenset((b"EXIF", b"XMP "))
HEIC_BRANDS = frozenset((b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"))


class NotAPicture(ValueError):
    """The bytes are no whole JPEG, PNG or WebP; `why` is `heic` or `broken`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Picture(NamedTuple):
    """A picture without metadata, and its media type."""

    content: bytes
    media: str


def without_metadata(content: bytes) -> Picture:
    """Drop place, owner, thumbnails and comments; only the orientation of a JPEG stays."""
    try:
        if content[:2] == b"\xff\xd8":
            return Picture(_jpeg(content), "image/jpeg")
        if content.startswith(PNG):
            return Picture(_png(content), "image/png")
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Picture(_webp(content), "image/webp")
    except IndexError as error:
        raise NotAPicture("broken") from error
    heic = content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS
    raise NotAPicture("heic" if heic else "broken")


def _jpeg(content: bytes) -> bytes:
    """Walk the segments up to the end mark; what a camera hides behind it goes too."""
    kept = [b"\xff\xd8"]
    at, orientation, scanned = 2, 1, False
    while (marker := _marker(content, at)) != EOI:
        if marker == FILL:
            at += 1
            continue
        end = at + 2 + _u16(content, at + 2)
        orientation = _orientation_in(content[at:end]) or orientation
        if marker == SOS:
            scanned = True
            end = _end_of_scan(content, end)
        if not _secret(marker):
            kept.append(content[at:end])
        at = end
    if not scanned:
        raise NotAPicture("broken")
    if orientation != 1:
        kept.insert(1, _minimal_exif(orientation))
    return b"".join(kept) + b"\xff\xd9"


def _marker(content: bytes, at: int) -> int:
    if content[at] != FILL:
        raise NotAPicture("broken")
    return content[at + 1]


def _orientation_in(segment: bytes) -> int | None:
    exif = segment[1] == APP1 and segment[4:10] == EXIF
    return _orientation(segment[10:]) if exif else None


def _secret(marker: int) -> bool:
    return marker == COM or (APP1 <= marker <= APP15 and marker != APP14)


def _end_of_scan(content: bytes, at: int) -> int:
    """Place of the next marker that is not part of the compressed data."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise NotAPicture("broken")
        following = content[at + 1]
        if following != 0 and following not in RESTARTS:
            return at
        at += 2


def _orientation(tiff: bytes) -> int | None:
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    little = order == "little"
    start = _number(tiff, 4, 4, little=little)
    for entry in range(min(_number(tiff, start, 2, little=little), 200)):
        at = start + 2 + 12 * entry
        if _number(tiff, at, 2, little=little) == ORIENTATION:
            found = _number(tiff, at + 8, 2, little=little)
            return found if 1 <= found <= 8 else None
    return None


def _number(content: bytes, at: int, size: int, *, little: bool) -> int:
    return int.from_bytes(content[at : at + size], "little" if little else "big")


def _minimal_exif(orientation: int) -> bytes:
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01"
    body = EXIF + tiff + orientation.to_bytes(2, "big") + b"\x00\x00\x00\x00\x00\x00"
    return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body


def _u16(content: bytes, at: int) -> int:
    if at + 2 > len(content):
        raise NotAPicture("broken")
    return int.from_bytes(content[at : at + 2], "big")


def _png(content: bytes) -> bytes:
    kept, at = [PNG], len(PNG)
    while at + 12 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        name = content[at + 4 : at + 8]
        chunk = content[at : at + 12 + size]
        if len(chunk) != 12 + size:
            break
        if name in PNG_KEPT:
            kept.append(chunk)
        if name == b"IEND":
            return b"".join(kept)
        at += 12 + size
    raise NotAPicture("broken")


def _webp(content: bytes) -> bytes:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise NotAPicture("broken")
    kept, at = [], 12
    while at + 8 <= end:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        chunk = content[at : at + 8 + size + size % 2]
        if chunk[:4] == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if chunk[:4] not in WEBP_DROPPED:
            kept.append(chunk)
        at += len(chunk)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
