"""Collects evidence from facts, and takes the office's comments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, update
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlmodel import Session, SQLModel

from server.core import audit
from server.core.access import Principal
from server.core.ids import new_id
from server.facts import queries as facts
from server.facts.queries import StoredFact
from server.proofs import queries, rules
from server.proofs.tables import ProofPart, ProofRow
from shared.events import VisitGeotagged
from shared.ids import CarrierId, EventId, RunId, SiteId
from shared.run import live

__all__ = ["collect", "comment", "look_at"]

NOBODY: Mapping[RunId, CarrierId] = {}


def collect(
    session: Session,
    site_id: SiteId,
    taken: Iterable[StoredFact],
    carriers: Mapping[RunId, CarrierId] = NOBODY,
) -> None:
    """Write the proofs and parts these facts make; the same facts again change nothing."""
    given = list(taken)
    proofs = [row for fact in given if (row := rules.proof_row(site_id, fact, carriers))]
    parts = [row for fact in given for row in rules.part_rows(site_id, fact)]
    # A copy of a fact may tell its instant better; nothing else of a proof can change.
    _upsert(session, ProofRow, proofs, ("reported_at", "visit_id"))
    _upsert(session, ProofPart, parts, ("made_at",))
    _place_late(session, site_id, given, {row["id"] for row in proofs if row["lat_e7"] is None})


def _place_late(
    session: Session, site_id: SiteId, given: Sequence[StoredFact], bare: set[UUID]
) -> None:
    """Give proofs without a position the one recorded later, whichever of the two came first.

    `bare` are the proofs that were written just now without one.
    """
    named = {tag[0] for fact in given if (tag := rules.late_fix(fact.event))}
    about = {fact.visit_id for fact in given if UUID(fact.event.id) in bare and fact.visit_id}
    if not named and not facts.any_of_type(session, site_id, VisitGeotagged.type, about):
        return
    wanted = {EventId(one) for one in bare | named}
    results = {UUID(one.event.id): one for one in facts.facts_of(session, site_id, wanted)}
    bare = {key for key, one in results.items() if not rules.has_fix(one.event)}
    visits = {one.visit_id for key, one in results.items() if key in bare and one.visit_id}
    known = [one.event for one in facts.facts_of_visits(session, site_id, visits)]
    table = _table(ProofRow)
    for event in reversed(live(known)):  # the earliest is written last
        tag = rules.late_fix(event)
        if tag is not None and tag[0] in bare:
            session.execute(
                update(table)
                .where(table.c.site_id == site_id, table.c.id == tag[0])
                .values(lat_e7=tag[1], lon_e7=tag[2], acc_m=tag[3])
            )


def _upsert(
    session: Session,
    model: type[SQLModel],
    rows: Sequence[dict[str, Any]],
    changing: Sequence[str],
) -> None:
    if not rows:
        return
    statement = insert_or(_table(model))
    by_id = {row["id"]: row for row in rows}
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["site_id", "id"],
            set_={name: statement.excluded[name] for name in changing},
        ),
        [by_id[key] for key in sorted(by_id)],
    )


def comment(
    session: Session, who: Principal, proof_id: UUID, text: str, *, now: datetime
) -> queries.ProofView:
    """Add what the office says about a proof."""
    proof = queries.proof(session, who, proof_id)
    session.add(
        ProofPart(
            site_id=who.site_id,
            id=new_id(now),
            proof_id=proof.id,
            place=len(proof.parts),
            role=rules.COMMENT,
            text=text,
            by=who.by,
            made_at=now,
        )
    )
    session.flush()
    audit.record(session, who, "proof.comment", ("proof", proof.id), now=now)
    return queries.proof(session, who, proof_id)


def look_at(
    session: Session, who: Principal, proof_id: UUID, *, now: datetime
) -> queries.ProofView:
    """Show a proof, and write down that somebody looked (trust.md §11)."""
    found = queries.proof(session, who, proof_id)
    audit.record(session, who, "proof.view", ("proof", proof_id), now=now)
    return found


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table
