"""The outbox as a file, for a phone that cannot reach the office (sync.md §15)."""

import hashlib
import hmac
import json
import os
import sqlite3
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from driver_app.store import meta
from driver_app.store.blobs import BlobFolder

FORMAT = 1


def file_name(device: str, now_ms: int) -> str:
    """`milkrun-<device>-<UTC time>.mro`."""
    at = datetime.fromtimestamp(now_ms / 1000, UTC)
    return f"milkrun-{device}-{at:%Y%m%dT%H%M%SZ}.mro"


def collect(db: sqlite3.Connection, now_ms: int) -> tuple[dict[str, Any], bytes, list[str]]:
    """Manifest, event lines and digests of everything still here; changes nothing."""
    places = db.execute("SELECT seq, id, chain, doc FROM outbox ORDER BY seq").fetchall()
    lines = "".join(
        json.dumps({"seq": seq, "id": id_, "chain": chain, "doc": doc}, ensure_ascii=True) + "\n"
        for seq, id_, chain, doc in places
    ).encode()
    manifest = {
        "format": FORMAT,
        "device_id": meta.get(db, "device_id"),
        "stream": meta.get(db, "stream"),
        "base": {"seq": meta.get(db, "base_seq"), "chain": meta.get(db, "base_chain")},
        "count": len(places),
        "made_ms": now_ms,
        "events_sha": hashlib.sha256(lines).hexdigest(),
    }
    shas = [row[0] for row in db.execute("SELECT DISTINCT sha FROM outbox_blob ORDER BY sha")]
    return manifest, lines, shas


def write(
    target: Path,
    collected: tuple[dict[str, Any], bytes, Sequence[str]],
    folder: BlobFolder,
    token: str | None,
) -> list[str]:
    """Write the file, signed if there is a token; returns digests it had to leave out."""
    manifest, lines, shas = collected
    head = json.dumps(manifest, sort_keys=True).encode()
    missing = []
    temporary = target.with_name(f"{target.name}.tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("manifest.json", head)
        archive.writestr("events.jsonl", lines)
        for sha in shas:
            try:
                archive.writestr(f"blobs/{sha}", folder.files.read(folder.path(sha)))
            except OSError:
                missing.append(sha)
        if token is not None:
            archive.writestr("sig", signature(head, token))
    with temporary.open("rb+") as written:
        os.fsync(written.fileno())
    folder.files.rename(temporary, target)
    folder.files.sync_folder(target.parent)
    return missing


def signature(manifest: bytes, token: str) -> str:
    """HMAC-SHA256 over the manifest, with the token's digest as key."""
    key = hashlib.sha256(token.encode()).digest()
    return hmac.new(key, manifest, hashlib.sha256).hexdigest()
