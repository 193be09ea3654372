"""Hang visits with their goods from one run to another; the plans of both follow."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.clock import to_ms
from server.runs.queries import RunView
from server.runs.tables import LoadLineRow, StopVisitRow
from shared.refusals import refuse


@dataclass(frozen=True)
class Wish:
    """Who wants visits on another run, and why; facts that bring one back wish nothing."""

    by: str
    reason: str
    at: datetime


def hang_over(
    session: Session,
    source: RunView,
    target: RunView,
    visit_ids: Collection[UUID],
    wish: Wish | None,
) -> tuple[RunView, RunView]:
    """Give both runs as they are afterwards, before their plans say so.

    A wish is remembered with the visit: whatever facts arrive, it is known where it was to be.
    People move both ends of their goods together; facts are never refused, goods with an end
    that stays stay too.
    """
    going = [source.visit(one) for one in visit_ids]
    touched = [one for one in source.loads if _ends(one) & set(visit_ids)]
    lines = [one for one in touched if _ends(one) <= set(visit_ids)]
    if wish is not None and len(lines) < len(touched):
        parts = ", ".join(sorted({one.part_no for one in touched if one not in lines}))
        raise refuse("bad_state", why=f"picked up and dropped on one run: {parts}")
    for visit in going:
        if wish is not None:
            visit.moves = [*(visit.moves or ()), _told(source, target, wish)]
        visit.run_id = target.run.id
    for line in lines:
        line.run_id = target.run.id
    session.flush()
    kept = tuple(one for one in source.visits if one not in going)
    left = replace(source, visits=kept, loads=tuple(x for x in source.loads if x not in lines))
    visits = (*target.visits[:-1], *going, *target.visits[-1:])
    places = {one.location_id: source.places[one.location_id] for one in going}
    joined = replace(
        target,
        visits=visits,
        loads=(*target.loads, *lines),
        places={**target.places, **places},
    )
    return left, joined


def _ends(line: LoadLineRow) -> set[UUID]:
    """Where goods are taken and left, as far as that is not the depot."""
    return {one for one in (line.pickup_visit, line.drop_visit) if one is not None}


def _told(source: RunView, target: RunView, wish: Wish) -> dict[str, Any]:
    return {
        "from": str(source.run.id),
        "to": str(target.run.id),
        "by": wish.by,
        "reason": wish.reason,
        "at": to_ms(wish.at),
    }


def homes_of(visit: StopVisitRow) -> tuple[UUID, frozenset[UUID]]:
    """The run people want the visit on, and every run it ever was on."""
    moves: list[Mapping[str, Any]] = list(visit.moves or ())
    if not moves:
        return visit.run_id, frozenset({visit.run_id})
    known = {UUID(one[key]) for one in moves for key in ("from", "to")}
    return UUID(moves[-1]["to"]), frozenset(known)
