"""Canonical bytes of a fact, the running hash of a stream, and the digest of rows.

Rules and worked example: sync-events.md §1. Pure; strings in, strings out.
"""

import hashlib
import json
import re
from collections.abc import Iterable

from shared.gate import SAFE_INT_MAX

CHAIN_ZERO = "0" * 32
CHAIN_HEX = 32
DIGEST_HEX = 16

_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")


class NotCanonical(ValueError):
    """A value that two correct writers could write differently; it may not become a fact."""


def _walk(value: object) -> None:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or not _KEY.match(key):
                raise NotCanonical(f"the key {key!r}")
        _walk(list(value.values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            _walk(inner)
    else:
        _leaf(value)


def _leaf(value: object) -> None:
    if isinstance(value, str):
        if _UNWRITABLE.search(value):
            raise NotCanonical("NUL or a lone surrogate in a text")
    elif isinstance(value, int):
        if abs(value) > SAFE_INT_MAX:
            raise NotCanonical("an integer beyond 2^53-1")
    elif value is not None:
        raise NotCanonical(f"a {type(value).__name__}")


def canonical(value: object) -> str:
    """Write a value the one way it can be written; raises NotCanonical for floats and bad keys."""
    _walk(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def doc_bytes(doc: str) -> bytes:
    """The bytes of a doc as hashed and stored; lone surrogates are encoded as they are."""
    return doc.encode("utf-8", "surrogatepass")


def doc_sha(doc: bytes) -> str:
    """SHA-256 of a doc's bytes, 64 hex digits."""
    return hashlib.sha256(doc).hexdigest()


def next_chain(chain: str, event_id: str, doc: bytes) -> str:
    """The head hash of a stream after one more event (32 hex digits)."""
    head = hashlib.sha256()
    head.update(chain.encode("ascii") + b"\n" + event_id.encode("ascii") + b"\n")
    head.update(doc)
    return head.hexdigest()[:CHAIN_HEX]


def row_digest(rows: Iterable[tuple[str, str, int]]) -> str:
    """Digest of all live rows in scope as (kind, id, rev): 16 hex digits, order does not matter."""
    lines = sorted((kind.encode(), id_.encode(), rev) for kind, id_, rev in rows)
    whole = hashlib.sha256()
    for kind, id_, rev in lines:
        whole.update(kind + b":" + id_ + b":" + str(rev).encode() + b"\n")
    return whole.hexdigest()[:DIGEST_HEX]
