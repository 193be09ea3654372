"""Photos for tests: whole files as far as the phone looks, with bytes of their own."""

JPEG = bytes.fromhex("ffd8ffdb0003") + b"\x00" + bytes.fromhex("ffda000401") + b"\x00"


def jpeg(text: str = "photo", size: int = 0) -> bytes:
    """The smallest thing the phone takes for a photo, filled up to about `size` bytes."""
    return JPEG + text.encode().ljust(size, b".") + b"\xff\xd9"
