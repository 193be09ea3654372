"""Security headers of every answer, errors included."""

from collections.abc import Iterable, MutableMapping
from typing import Any

from server.core.public import is_link_page

Header = tuple[bytes, bytes]

BOARD_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# What the Flet client measurably needs: WebAssembly, styles it sets itself, workers from blobs.
DRIVER_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; media-src 'self' data: blob:; worker-src 'self' blob:; "
    "manifest-src 'self'; child-src 'self' blob:; form-action 'none'; base-uri 'self'; "
    "frame-ancestors 'none'"
)
LINK_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Data, never a page: nothing may be loaded for it, and nobody may frame it.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
_DENIED = "geolocation=(), camera=(), microphone=(), payment=(), usb=(), interest-cohort=()"
_DRIVER_MAY = "geolocation=(self), camera=(self), microphone=(), payment=(), usb=()"
HSTS = b"max-age=31536000"


def policy_of(path: str) -> str:
    """The content policy that fits the path."""
    if path.startswith("/driver"):
        return DRIVER_POLICY
    if path.startswith("/api/"):
        return API_POLICY
    return LINK_POLICY if is_link_page(path) else BOARD_POLICY


def fixed(path: str, request_id: str, *, tls: bool, personal: bool) -> list[Header]:
    """The headers an answer gets unless its route has set them itself."""
    driver = path.startswith("/driver")
    found = [
        (b"content-security-policy", policy_of(path).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"permissions-policy", (_DRIVER_MAY if driver else _DENIED).encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"x-request-id", request_id.encode()),
    ]
    if personal:
        found.append((b"cache-control", b"no-store"))
    if is_link_page(path):
        found.append((b"x-robots-tag", b"noindex"))
    if tls:
        found.append((b"strict-transport-security", HSTS))
    return found


def add_missing(message: MutableMapping[str, Any], extra: Iterable[Header]) -> None:
    """Add the headers an answer does not carry yet."""
    headers: list[Header] = list(message.get("headers", ()))
    names = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in extra if name not in names]
    message["headers"] = headers
