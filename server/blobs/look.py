"""Has a photo looked at in a bounded process, and keeps the copies for display."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from server.blobs.store import FORMS, Blobs
from shared.ids import Sha256

LOOK_S = 10
READY = "ready"
_DECODE = Path(__file__).with_name("decode.py")
_WORDS = frozenset({READY, "format", "pixels", "frames", "broken", "memory"})


def look_at(store: Blobs, digest: Sha256) -> str:
    """Make the copies for display; the word says `ready` or why there are none."""
    with tempfile.TemporaryDirectory(prefix="photo-") as name:
        folder = Path(name)
        with store.read(digest) as file:
            _copy(file, folder / "photo")
        word = _run(folder)
        if word == READY:
            for form in FORMS:
                store.keep_form(digest, form, (folder / form).read_bytes())
    return word


def _copy(file: BinaryIO, place: Path) -> None:
    with place.open("wb") as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)


def _run(folder: Path) -> str:
    paths = [str(folder / name) for name in ("photo", *FORMS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, our own paths
            [sys.executable, "-P", str(_DECODE), *paths],
            capture_output=True,
            timeout=LOOK_S,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        return "timeout"
    word = done.stdout.decode("ascii", "replace")
    # A process the system stopped leaves no word.
    return word if done.returncode == 0 and word in _WORDS else "stopped"
