"""Facts that count, read by the thousand: below the ORM, by statements that are built once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    bindparam,
    select,
    union,
    union_all,
)
from sqlmodel import Session

from server.facts import rules
from server.facts.tables import EventRow, EventState
from shared.events import Event
from shared.ids import DeviceId, EventId, RunId, SiteId, VisitId

IN_MAX = 500
_FACTS: Table = EventRow.__table__  # type: ignore[attr-defined]
_STATES: Table = EventState.__table__  # type: ignore[attr-defined]
_FACT, _STATE = _FACTS.c, _STATES.c


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact that counts, as folds and features read it; `visit_id` may be attached by hand."""

    event: Event
    run_id: RunId | None
    visit_id: VisitId | None
    device_id: DeviceId | None
    reported_ms: int
    uncertain: bool
    received_ms: int


def chunks(ids: Collection[UUID]) -> list[list[UUID]]:
    """The ids in order, in pieces that fit into one statement."""
    ordered = sorted(set(ids))
    return [ordered[i : i + IN_MAX] for i in range(0, len(ordered), IN_MAX)]


def _counting(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Facts that count; the site is bound. Below the ORM: these rows are read by the thousand."""
    return (
        select(_FACT.id, _FACT.doc, _STATE.visit_id, _FACT.device_id, _STATE.reported_ms,
               _STATE.uncertain, _FACT.received_ms)
        .select_from(_FACTS.join(
            _STATES, (_STATE.site_id == _FACT.site_id) & (_STATE.event_id == _FACT.id)
        ))
        .where(_FACT.site_id == bindparam("site"), condition, _STATE.status == rules.OK)
    )  # fmt: skip


def _ids(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


# Every exchange asks these: building them anew costs more than asking.
_BY_RUN = select(_FACT.id).where(_FACT.site_id == bindparam("site"), _FACT.run_id.in_(_ids("runs")))
_BY_VISIT = select(_FACT.id).where(
    _FACT.site_id == bindparam("site"), _FACT.visit_id.in_(_ids("visits"))
)
_OF = _counting(_FACT.id.in_(_ids("ids")))
_OF_RUNS = _counting(_FACT.run_id.in_(_ids("runs")) & _STATE.visit_id.is_(None))
_OF_VISITS = _counting(_FACT.visit_id.in_(_ids("visits")) & _STATE.visit_id.is_(None))
_ATTACHED = _counting(_STATE.visit_id.in_(_ids("visits")))
_ABOUT = _counting(_FACT.id.in_(union(_BY_RUN, _BY_VISIT)) & _STATE.visit_id.is_(None))


_ANY_OF_TYPE = union_all(
    select(_FACT.id).where(
        _FACT.site_id == bindparam("site"),
        _FACT.visit_id.in_(_ids("visits")),
        _FACT.type == bindparam("type"),
    ),
    select(_FACT.id)
    .select_from(
        _STATES.join(_FACTS, (_FACT.site_id == _STATE.site_id) & (_FACT.id == _STATE.event_id))
    )
    .where(
        _STATE.site_id == bindparam("site"),
        _STATE.visit_id.in_(_ids("visits")),
        _FACT.type == bindparam("type"),
    ),
)


def _stored(
    session: Session, site_id: SiteId, statement: Select[*tuple[Any, ...]], **ids: Sequence[UUID]
) -> list[StoredFact]:
    found = []
    rows = session.execute(statement, {"site": site_id, **ids})
    for id_, doc, attached, device_id, at_ms, unsure, received in rows:
        if doc is None:
            continue
        reading = rules.read(str(id_), bytes(doc))
        event, visit = reading.event, reading.visit
        if event is None:
            continue
        if attached is not None:
            told = event.envelope.model_copy(update={"visit": str(attached)})
            event, visit = Event(event.id, told, event.body), attached
        run = RunId(reading.run) if reading.run else None
        about = VisitId(visit) if visit else None
        found.append(StoredFact(event, run, about, device_id, at_ms, bool(unsure), received))
    return found


def facts_of_visits(
    session: Session, site_id: SiteId, visit_ids: Collection[VisitId]
) -> list[StoredFact]:
    """All facts that count for these visits, attached ones included, in no order."""
    found = []
    for some in chunks(visit_ids):
        found += _stored(session, site_id, _OF_VISITS, visits=some)
        found += _stored(session, site_id, _ATTACHED, visits=some)
    return found


def any_of_type(
    session: Session, site_id: SiteId, type_: str, visit_ids: Collection[VisitId]
) -> bool:
    """Whether a fact of this type, counting or not, names these visits or is attached to them."""
    asked = ({"site": site_id, "type": type_, "visits": some} for some in chunks(visit_ids))
    return any(session.execute(_ANY_OF_TYPE, one).first() is not None for one in asked)


def facts_of_runs(
    session: Session, site_id: SiteId, run_ids: Collection[RunId]
) -> list[StoredFact]:
    """All facts that count and name these runs, with or without a visit, in no order.

    Facts attached to a visit by hand are found by their visit alone.
    """
    found = []
    for some in chunks(run_ids):
        found += _stored(session, site_id, _OF_RUNS, runs=some)
    return found


def facts_about(
    session: Session,
    site_id: SiteId,
    run_ids: Collection[RunId],
    visit_ids: Collection[VisitId],
) -> list[StoredFact]:
    """All facts that count for these runs or visits, each once, in no order."""
    visits = list(visit_ids)
    found = _stored(session, site_id, _ABOUT, runs=list(run_ids), visits=visits)
    return found + _stored(session, site_id, _ATTACHED, visits=visits)


def facts_of(session: Session, site_id: SiteId, ids: Collection[EventId]) -> list[StoredFact]:
    """These facts, as far as they count."""
    found = []
    for some in chunks(ids):
        found += _stored(session, site_id, _OF, ids=some)
    return found
