"""Reads the outbox file of a device (sync.md §15): a ZIP that nobody has vouched for yet."""

import hashlib
import hmac
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, Literal

from pydantic import Field, ValidationError

from server.core.words import _
from shared.chain import doc_bytes, next_chain
from shared.gate import SAFE_INT_MAX, ChainText, Uid, Unfit, Wire, parse_json
from shared.refusals import refuse
from shared.sync import EVENT_MAX, IMPORT_OUTBOX_MAX, PHOTO_MAX_BYTES, SentEvent

MANIFEST, EVENTS, SIG = "manifest.json", "events.jsonl", "sig"
BLOB = re.compile(r"blobs/([0-9a-f]{64})\Z")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_CHAIN = re.compile(r"[0-9a-f]{32}\Z")
MANIFEST_MAX, SIG_MAX = 16 * 1024, 1024
EVENTS_BYTES_MAX = 512 * 1024 * 1024
LINE_MAX = 3 * EVENT_MAX + 1024
"""A doc with each of its bytes escaped, and what stands around it."""
SHRUNK_MAX = 100
"""An honest member is never packed smaller than this part of itself."""
DIRECTORY_MAX = 16 * 1024 * 1024
_END, _END_BYTES, _COMMENT_MAX = b"PK\x05\x06", 22, 65_535
_TROUBLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


class Base(Wire):
    """Place and chain just before the first event."""

    seq: Annotated[int, Field(ge=0, le=SAFE_INT_MAX)]
    chain: ChainText


class Manifest(Wire):
    """What the file says it holds; the signature is over its bytes."""

    format: Literal[1]
    device_id: Annotated[str, Field(max_length=64)]
    stream: Uid
    base: Base
    count: Annotated[int, Field(ge=0, le=SAFE_INT_MAX)]
    made_ms: Annotated[int, Field(ge=0, le=SAFE_INT_MAX)]
    events_sha: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the events: the fact as it would travel, and the chain the device had after."""

    sent: SentEvent
    chain: str


@dataclass(frozen=True, slots=True)
class Soundness:
    """What reading every line has shown."""

    whole: bool
    """The lines are those the manifest was made over."""
    chained: bool
    """Places follow each other and every chain is right."""
    wall_ahead_ms: int
    """How far the device's own clock was ahead of the office's, by its newest fact."""


class OutboxFile:
    """An opened file whose form is right; whether to believe it is for others to decide."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = [member.filename for member in archive.infolist()]
        self.blobs: Collection[str] = frozenset(
            found[1] for name in names if (found := BLOB.match(name))
        )
        self._manifest = _small(archive, MANIFEST, MANIFEST_MAX)
        self.manifest = _read_manifest(self._manifest)
        self._sig = _small(archive, SIG, SIG_MAX) if SIG in names else b""

    def signed_by(self, token_hashes: Collection[str]) -> bool:
        """Whether a token with one of these digests (hex) signed the manifest."""
        given = self._sig.strip()
        right = False
        for token_hash in token_hashes:
            key = bytes.fromhex(token_hash)
            made = hmac.new(key, self._manifest, hashlib.sha256).hexdigest()
            right |= hmac.compare_digest(made.encode(), given)
        return right

    def entries(self) -> Iterator[Entry]:
        """Every line; refuses `bad_file` at the first that is none."""
        with _readable(), self._archive.open(EVENTS) as lines:
            number = 0
            while line := lines.readline(LINE_MAX + 1):
                number += 1
                yield _entry(line, number)

    def check(self) -> Soundness:
        """Read everything once: form, digest of the lines, places, chain."""
        whole, count, ahead = hashlib.sha256(), 0, 0
        at = self.manifest.base
        seq, chain, chained = at.seq, at.chain, True
        for entry in self.entries():
            sent = entry.sent
            count, seq = count + 1, seq + 1
            chain = next_chain(chain, sent.id, doc_bytes(sent.doc))
            chained = chained and (sent.seq, entry.chain) == (seq, chain)
            ahead = _ahead_ms(sent.doc, ahead)
        with _readable(), self._archive.open(EVENTS) as lines:
            while piece := lines.read(1 << 20):
                whole.update(piece)
        same = whole.hexdigest() == self.manifest.events_sha
        return Soundness(same, chained and count == self.manifest.count, ahead)

    def blob(self, sha: str) -> bytes | None:
        """The bytes of a file; None if it is not here or not what its name says."""
        if sha not in self.blobs:
            return None
        try:
            content = self._archive.read(f"blobs/{sha}")
        except _TROUBLE:
            return None
        return content if hashlib.sha256(content).hexdigest() == sha else None


@contextmanager
def opened(file: BinaryIO) -> Iterator[OutboxFile]:
    """Open the file and judge its form; refuses `bad_file` with the reason."""
    _check_directory(file)
    with _readable():
        archive = zipfile.ZipFile(file)
    with archive:
        _check_members(archive.infolist())
        yield OutboxFile(archive)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _TROUBLE as error:
        raise refuse("bad_file", why=_("it is damaged or was not copied to its end")) from error


def _check_directory(file: BinaryIO) -> None:
    """Look at the end of the archive alone, before a library reads all it speaks of."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _COMMENT_MAX - _END_BYTES))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise refuse("bad_file", why=_("it is no outbox of a device, or was cut"))
    _entries, directory = struct.unpack_from("<HI", tail, at + 10)
    if directory > DIRECTORY_MAX:
        raise refuse("bad_file", why=_("it names too many files"))
    file.seek(0)


def _check_members(members: Collection[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if MANIFEST not in names or EVENTS not in names or len(set(names)) < len(names):
        raise refuse("bad_file", why=_("it is no outbox of a device"))
    for member in members:
        _check_member(member)
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if total > IMPORT_OUTBOX_MAX or total > SHRUNK_MAX * packed + MANIFEST_MAX:
        raise refuse("bad_file", why=_("unpacked it would be far too large"))


def _check_member(member: zipfile.ZipInfo) -> None:
    limits = {MANIFEST: MANIFEST_MAX, EVENTS: EVENTS_BYTES_MAX, SIG: SIG_MAX}
    limit = limits.get(member.filename, PHOTO_MAX_BYTES if BLOB.match(member.filename) else -1)
    if limit < 0:
        raise refuse("bad_file", why=_("it is no outbox of a device"))
    if member.file_size > limit:
        raise refuse("bad_file", why=_("unpacked it would be far too large"))


def _small(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with _readable(), archive.open(name) as member:
        return member.read(limit + 1)


def _read_manifest(content: bytes) -> Manifest:
    try:
        value = parse_json(content)
        newer = isinstance(value, dict) and isinstance(value.get("format"), int)
        if newer and value["format"] > 1:
            raise refuse("bad_file", why=_("a newer app wrote it; update this server first"))
        return Manifest.model_validate(value)
    except (Unfit, ValidationError) as error:
        raise refuse("bad_file", why=_("its manifest.json has a wrong form")) from error


def _entry(line: bytes, number: int) -> Entry:
    try:
        value = json.loads(line) if len(line) <= LINE_MAX else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not _fits(value):
        why = _("line {n} of its events.jsonl is no entry").format(n=number)
        raise refuse("bad_file", why=why)
    return Entry(SentEvent(value["seq"], value["id"], value["doc"]), value["chain"])


def _fits(value: dict[str, Any]) -> bool:
    seq, id_, chain, doc = (value.get(key) for key in ("seq", "id", "chain", "doc"))
    numbered = isinstance(seq, int) and not isinstance(seq, bool) and 1 <= seq <= SAFE_INT_MAX
    named = isinstance(id_, str) and bool(_ID.match(id_))
    return (
        numbered
        and named
        and isinstance(doc, str)
        and isinstance(chain, str)
        and bool(_CHAIN.match(chain))
    )


def _ahead_ms(doc: str, before: int) -> int:
    """The device's wall clock less its hybrid clock, which follows the office's."""
    try:
        value = json.loads(doc)
        return int(value["clk"][2]) - int(value["hlc"])
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        return before


def batches(entries: Iterator[Entry], count_max: int, bytes_max: int) -> Iterator[list[Entry]]:
    """Entries as they would travel: so many at once, at least one."""
    found: list[Entry] = []
    size = 0
    for entry in entries:
        more = len(entry.sent.doc)
        if found and (len(found) == count_max or size + more > bytes_max):
            yield found
            found, size = [], 0
        found.append(entry)
        size += more
    if found:
        yield found
