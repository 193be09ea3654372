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
from server.facts.queries import StoredFact
from server.proofs import queries, rules
from server.proofs.tables import ProofPart, ProofRow
from shared.ids import CarrierId, RunId, SiteId

__all__ = ["collect", "comment", "look_at"]

NOBODY: Mapping[RunId, CarrierId] = {}


def collect(
    session: Session,
    site_id: SiteId,
    facts: Iterable[StoredFact],
    carriers: Mapping[RunId, CarrierId] = NOBODY,
) -> None:
    """Write the proofs and parts these facts make; the same facts again change nothing."""
    given = list(facts)
    proofs = [row for fact in given if (row := rules.proof_row(site_id, fact, carriers))]
    parts = [row for fact in given for row in rules.part_rows(site_id, fact)]
    # A copy of a fact may tell its instant better; nothing else of a proof can change.
    _upsert(session, ProofRow, proofs, ("reported_at", "visit_id"))
    _upsert(session, ProofPart, parts, ("made_at",))
    table = _table(ProofRow)
    for fact in given:
        found = rules.late_fix(fact)
        if found is not None:
            session.execute(
                update(table)
                .where(table.c.site_id == site_id, table.c.id == found[0], table.c.lat_e7.is_(None))
                .values(lat_e7=found[1], lon_e7=found[2], acc_m=found[3])
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
