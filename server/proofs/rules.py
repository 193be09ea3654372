"""What a fact says as evidence: pure, so that the same fact always makes the same rows."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from server.core.clock import from_ms
from server.facts.queries import StoredFact
from shared.events import Attachment, Event, ProofAdded, VisitGeotagged
from shared.fact import Proof
from shared.ids import CarrierId, RunId, SiteId
from shared.run import OUTCOME

PARTS = UUID("6d696c6b-7275-5e00-8000-000000000002")
NOTE, COMMENT = "note", "comment"

Row = dict[str, Any]


def proof_row(site_id: SiteId, fact: StoredFact, carriers: Mapping[RunId, CarrierId]) -> Row | None:
    """The proof of a result, None for facts without evidence."""
    event, body = fact.event, fact.event.body
    proof: Proof | None = getattr(body, "proof", None)
    if event.type not in OUTCOME or (proof is None and not event.envelope.blobs):
        return None
    fix = event.envelope.fix
    return {
        "site_id": site_id,
        "id": UUID(event.id),
        "run_id": fact.run_id,
        "visit_id": fact.visit_id,
        "device_id": fact.device_id,
        "driver_id": _driver(event.envelope.by),
        "carrier_id": carriers.get(fact.run_id) if fact.run_id else None,
        "outcome": OUTCOME[event.type],
        **_said(proof),
        "note": getattr(body, "note", None),
        "lines": _plain(getattr(body, "lines", None)),
        "short": _plain(getattr(body, "short", None)),
        "by": event.envelope.by,
        "hlc": event.envelope.hlc,
        "reported_at": from_ms(fact.reported_ms),
        "received_at": from_ms(fact.received_ms),
        "lat_e7": fix.lat_e7 if fix else None,
        "lon_e7": fix.lon_e7 if fix else None,
        "acc_m": fix.acc_m if fix else None,
    }


def _said(proof: Proof | None) -> Row:
    names = ("kind", "method", "signer", "signer_role", "drop_point", "pin_ok", "no_proof_reason")
    return {name: getattr(proof, name, None) for name in names}


def _driver(by: str) -> UUID | None:
    kind, _, key = by.partition(":")
    return UUID(key) if kind == "driver" else None


def _plain(lines: list[tuple[Any, ...]] | None) -> list[list[Any]] | None:
    return [list(line) for line in lines] if lines else None


def part_rows(site_id: SiteId, fact: StoredFact) -> list[Row]:
    """The parts a fact brings: its files, and the note of a later addition."""
    event, body = fact.event, fact.event.body
    if isinstance(body, ProofAdded):
        proof_id = UUID(body.result)
    elif event.type in OUTCOME:
        proof_id = UUID(event.id)
    else:
        return []
    rows = [
        _file(site_id, fact, proof_id, place, blob)
        for place, blob in enumerate(event.envelope.blobs)
    ]
    if isinstance(body, ProofAdded) and body.note:
        rows.append({**_part(site_id, fact, proof_id, len(rows)), "role": NOTE, "text": body.note})
    return rows


def _part(site_id: SiteId, fact: StoredFact, proof_id: UUID, place: int) -> Row:
    return {
        "site_id": site_id,
        "id": uuid5(PARTS, f"{fact.event.id}/{place}"),
        "proof_id": proof_id,
        "event_id": UUID(fact.event.id),
        "place": place,
        "sha": None,
        "media": None,
        "source": None,
        "size": None,
        "text": None,
        "by": fact.event.envelope.by,
        "made_at": from_ms(fact.reported_ms),
    }


def _file(site_id: SiteId, fact: StoredFact, proof_id: UUID, place: int, blob: Attachment) -> Row:
    return {
        **_part(site_id, fact, proof_id, place),
        "role": blob[3],
        "sha": blob[0],
        "size": blob[1],
        "media": blob[2],
        "source": blob[4] if len(blob) == 5 else None,
    }


def late_fix(event: Event) -> tuple[UUID, int, int, int | None] | None:
    """The position a fact brings for an earlier one: its id, place and accuracy."""
    fix, body = event.envelope.fix, event.body
    if not isinstance(body, VisitGeotagged) or fix is None:
        return None
    if fix.lat_e7 is None or fix.lon_e7 is None:
        return None
    return UUID(body.for_), fix.lat_e7, fix.lon_e7, fix.acc_m


def has_fix(event: Event) -> bool:
    """Whether a fact says itself where it happened on the road."""
    fix = event.envelope.fix
    return fix is not None and fix.lat_e7 is not None and fix.lon_e7 is not None
