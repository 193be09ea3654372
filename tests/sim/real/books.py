"""Both sides' books, read from their own databases and compared: what is missing, what differs."""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from server.blobs.tables import BlobRow
from server.core import db
from server.core.settings import Settings
from server.core.writer import SnapshotReads
from server.facts.tables import EventRow, EventState, StreamPos, StreamRow
from server.feed.tables import DeviceScope, FeedRow
from shared.chain import CHAIN_ZERO, next_chain
from shared.events import Event, read_doc
from shared.run import fold_visit

Half = dict[str, Any]
Rows = dict[tuple[str, str], tuple[str, int, Half, Half]]


@dataclass
class Office:
    """What the server's database says."""

    docs: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    rows: Rows = field(default_factory=dict)
    scopes: dict[str, set[str]] = field(default_factory=dict)
    blobs: dict[str, tuple[int, bool]] = field(default_factory=dict)


@dataclass
class Phone:
    """What a device's database says."""

    device_id: str
    docs: dict[str, bytes]
    places: list[tuple[int, str, str]]
    base: tuple[int, str]
    acked: int
    rows: Rows
    files: list[tuple[str, int, int]]
    """Digest, size and state of each declared file."""
    digest_misses: int
    integrity: str


def read_office(settings: Settings) -> Office:
    """Read everything the comparison needs in one snapshot."""
    reads = SnapshotReads(db.read_engine(settings))
    try:
        return reads.run(_office)
    finally:
        reads.close()


def _office(session: Session) -> Office:
    office = Office()
    for event in session.exec(select(EventRow)):
        office.docs[str(event.id)] = bytes(event.doc or b"")
    for state in session.exec(select(EventState)):
        office.status[str(state.event_id)] = state.status
    for stream in session.exec(select(StreamRow)):
        office.heads[str(stream.id)] = (stream.recv, stream.chain)
        office.places[str(stream.id)] = []
    order = (col(StreamPos.stream_id), col(StreamPos.seq))
    for place in session.exec(select(StreamPos).order_by(*order)):
        office.places[str(place.stream_id)].append((place.seq, str(place.event_id), place.chain))
    for row in session.exec(select(FeedRow).where(col(FeedRow.deleted).is_(False))):
        office.rows[_text(row.kind), _text(row.id)] = (
            _text(row.scope), row.rev, _half(row.plan), _half(row.fact),
        )  # fmt: skip
    scopes = defaultdict[str, set[str]](set)
    for given in session.exec(select(DeviceScope).where(col(DeviceScope.live).is_(True))):
        scopes[str(given.device_id)].add(_text(given.scope))
    office.scopes = dict(scopes)
    for blob in session.exec(select(BlobRow)):
        office.blobs[blob.sha] = (blob.size, blob.done)
    return office


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _half(text: str | None) -> Half:
    half: Half = json.loads(text or "{}")
    return half


def read_phone(folder: Path) -> Phone:
    """Read a device's database as it lies on the disk."""
    with closing(sqlite3.connect(folder / "driver.db")) as found:
        meta = {key: json.loads(value) for key, value in found.execute("SELECT k, v FROM meta")}
        outbox = found.execute("SELECT seq, id, doc, chain FROM outbox ORDER BY seq").fetchall()
        rows = {
            (kind, id_): (scope, rev, json.loads(plan or "{}"), json.loads(fact or "{}"))
            for kind, id_, scope, rev, plan, fact in found.execute("SELECT * FROM ent")
        }
        return Phone(
            device_id=meta.get("device_id", ""),
            docs={id_: doc.encode("utf-8", "surrogatepass") for _, id_, doc, _ in outbox},
            places=[(seq, id_, chain) for seq, id_, _, chain in outbox],
            base=(meta.get("base_seq", 0), meta.get("base_chain", CHAIN_ZERO)),
            acked=meta.get("acked", 0),
            rows=rows,
            files=found.execute("SELECT sha, size, state FROM blob").fetchall(),
            digest_misses=meta.get("counters", {}).get("digest_misses", 0),
            integrity=found.execute("PRAGMA integrity_check").fetchone()[0],
        )


def wrong_with_phone(phone: Phone, promised: Iterable[str]) -> list[str]:
    """I3 and I9 on one device: every promise there, places without gaps, each chain right."""
    wrong = [f"promised, not on the device: {one}" for one in promised if one not in phone.docs]
    if phone.integrity != "ok":
        wrong.append(f"integrity of the device's database: {phone.integrity}")
    return wrong + broken_chain(phone.places, phone.docs, *phone.base)


def broken_chain(
    places: Sequence[tuple[int, str, str]],
    docs: Mapping[str, bytes],
    base: int = 0,
    chain: str = CHAIN_ZERO,
) -> list[str]:
    """Places that do not follow each other, or whose running hash is not the one computed."""
    for expected, (seq, id_, stored) in enumerate(places, base + 1):
        chain = next_chain(chain, id_, docs.get(id_, b""))
        if seq != expected:
            return [f"place {expected} is missing, {seq} follows"]
        if stored != chain:
            return [f"the chain breaks at place {seq}"]
    return []


def wrong_at_office(office: Office, recorded: Mapping[str, bytes]) -> list[str]:
    """I1 to I3 at the server: exactly what was recorded, once, folded right."""
    wrong = [f"recorded, not at the office: {one}" for one in recorded.keys() - office.docs.keys()]
    wrong += [f"at the office, never recorded: {one}" for one in office.docs.keys() - recorded]
    same = recorded.keys() & office.docs.keys()
    wrong += [
        f"other bytes at the office: {one}" for one in same if recorded[one] != office.docs[one]
    ]
    for stream, places in office.places.items():
        wrong += [f"stream {stream[-4:]}: {why}" for why in broken_chain(places, office.docs)]
        if (len(places), places[-1][2] if places else CHAIN_ZERO) != office.heads[stream]:
            wrong.append(f"stream {stream[-4:]}: its head is not its last place")
    return wrong + badly_folded(office)


def badly_folded(office: Office) -> list[str]:
    """Stops whose stored fact half is not the fold of their facts."""
    events: dict[str, list[Event]] = defaultdict(list)
    for id_, doc in office.docs.items():
        if office.status.get(id_) == "ok":
            event = read_doc(id_, doc)
            events[str(event.envelope.visit)].append(event)
    wrong = []
    for (kind, id_), (_, _, plan, fact) in office.rows.items():
        if kind != "stop" or not (fact or events[id_]):
            continue
        folded = fold_visit(events[id_]).half(off_plan=bool(plan.get("off_plan")))
        if fact != json.loads(json.dumps(folded)):
            wrong.append(f"stop {id_[-4:]} says {fact}, its facts say {folded}")
    return wrong


def rows_that_differ(office: Office, phone: Phone) -> list[str]:
    """I4: rows in the device's scopes, field by field."""
    scopes = office.scopes.get(phone.device_id, set()) | {"site", f"device:{phone.device_id}"}
    wanted = {key: row for key, row in office.rows.items() if row[0] in scopes}
    keys = sorted(wanted.keys() | phone.rows.keys())
    return [f"row {key} differs" for key in keys if wanted.get(key) != phone.rows.get(key)]


def files_that_differ(office: Office, phone: Phone, folder: Path) -> list[str]:
    """I5: every file a device declared lies at the office, byte for byte."""
    return [
        f"file {sha[:8]}: {why}"
        for sha, size, _ in phone.files
        if (why := _wrong_file(office, folder / sha[:2] / sha, sha, size))
    ]


def _wrong_file(office: Office, place: Path, sha: str, size: int) -> str:
    if office.blobs.get(sha) != (size, True):
        return f"the office says {office.blobs.get(sha)}"
    if not place.is_file():
        return "is not in the store"
    content = place.read_bytes()
    return "" if hashlib.sha256(content).hexdigest() == sha else "has other bytes"


def integrity(path: Path) -> str:
    """What SQLite says about a whole database file."""
    with closing(sqlite3.connect(path)) as found:
        return str(found.execute("PRAGMA integrity_check").fetchone()[0])


def is_id(text: str) -> bool:
    """Whether a text is a whole id, and not one that a kill cut short."""
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False
