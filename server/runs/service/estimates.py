"""The estimate of each visit: written by whoever looks ahead, never by plan or facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from server.core.db import write_alike
from server.runs.queries import RunView


@dataclass(frozen=True)
class Estimate:
    """When a visit will be reached, with range (P10 to P90) and what it rests on."""

    eta_at: datetime
    low_at: datetime
    high_at: datetime
    basis: str  # fact, position or clock


def set_estimates(
    session: Session, view: RunView, given: Mapping[UUID, Estimate | None], *, made_at: datetime
) -> int:
    """Write estimates of a run's visits; None takes one away. Gives how many moved."""
    moved, visits = 0, [one for one in view.visits if one.id in given]
    for visit in visits:
        found = given[visit.id]
        before = (visit.eta_at, visit.eta_low_at, visit.eta_high_at)
        visit.eta_at = found.eta_at if found else None
        visit.eta_low_at = found.low_at if found else None
        visit.eta_high_at = found.high_at if found else None
        visit.eta_basis = found.basis if found else None
        visit.eta_made_at = made_at if found else None
        moved += before != (visit.eta_at, visit.eta_low_at, visit.eta_high_at)
    write_alike(visits, "eta_at", "eta_low_at", "eta_high_at", "eta_basis", "eta_made_at")
    session.flush()
    return moved
