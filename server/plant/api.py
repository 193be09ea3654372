"""Routes of the plant: Andons, empties, control cycles."""

from typing import Any
from uuid import UUID

from server.core import http
from server.core.access import allow_list
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.core.ids import new_id
from server.plant import queries, service, wire
from shared.ids import RunId
from shared.plant_facts import AndonRaised

router = http.router("/api/v1", tags=["plant"])
Answer = dict[str, Any]


@router.get("/andons", openapi_extra=needs("andon", "read"))
def andons(who: Who, reads: InReads, *, everything: bool = False) -> Answer:
    """List the open Andons, or all of them."""
    allow_list(who, "andon")
    rows = reads.run(lambda s: queries.andons(s, who.site_id, only_open=not everything))
    return {"items": [queries.andon_out(row) for row in rows], "next": None}


@router.post("/andons", status_code=201, openapi_extra=needs("andon", "raise"))
def raise_andon(body: wire.NewAndon, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Raise an Andon."""
    now = clock.now()
    station = str(body.station_id) if body.station_id else None
    fact = AndonRaised(
        andon=str(new_id(now)), category=body.category, severity=body.severity,
        location=station, text=body.text,
    )  # fmt: skip
    run = RunId(body.run_id) if body.run_id else None
    return writer.run(
        lambda s: queries.andon_out(service.raise_andon(s, who, fact, run_id=run, now=now))
    )


@router.post("/andons/{andon_id}/ack", openapi_extra=needs("andon", "write"))
def acknowledge(andon_id: UUID, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Say that an Andon was seen."""
    now = clock.now()
    return writer.run(lambda s: queries.andon_out(service.acknowledge(s, who, andon_id, now=now)))


@router.post("/andons/{andon_id}/clear", openapi_extra=needs("andon", "write"))
def clear(
    andon_id: UUID, body: wire.ClearAndon, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Say that the cause of an Andon is gone."""
    now, cause = clock.now(), body.cause
    return writer.run(
        lambda s: queries.andon_out(service.clear(s, who, andon_id, cause=cause, now=now))
    )


@router.get("/empties", openapi_extra=needs("loads", "read"))
def empties(who: Who, reads: InReads) -> Answer:
    """List the empties accounts."""
    allow_list(who, "loads")
    rows = reads.run(lambda session: queries.balances(session, who.site_id))
    return {"items": [queries.balance_out(row) for row in rows], "next": None}


@router.post("/empties/count", openapi_extra=needs("loads", "write"))
def count(body: wire.CountedEmpties, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Book what was counted."""
    now, place, kind = clock.now(), body.location_id, body.container_type
    return writer.run(
        lambda s: queries.balance_out(
            service.count_empties(s, who, place, kind, qty=body.qty, now=now)
        )
    )


@router.get("/control-cycles", openapi_extra=needs("kanban", "read"))
def control_cycles(who: Who, reads: InReads) -> Answer:
    """List the control cycles."""
    allow_list(who, "kanban")
    rows = reads.run(lambda session: queries.control_cycles(session, who.site_id))
    return {"items": [queries.cycle_out(row) for row in rows], "next": None}


@router.post("/control-cycles", status_code=201, openapi_extra=needs("kanban", "write"))
def add_cycle(body: wire.NewControlCycle, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Say that a station needs a part."""
    now, given = clock.now(), body.model_dump()
    return writer.run(
        lambda s: queries.cycle_out(service.add_control_cycle(s, who, given, now=now))
    )


@router.patch("/control-cycles/{cycle_id}", openapi_extra=needs("kanban", "write"))
def change_cycle(
    cycle_id: UUID, body: wire.ControlCycleChange, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Change a control cycle."""
    now, rev = clock.now(), body.expected_rev
    given = body.model_dump(exclude_unset=True, exclude={"expected_rev"})
    work = service.change_control_cycle
    return writer.run(
        lambda s: queries.cycle_out(work(s, who, cycle_id, given, expected_rev=rev, now=now))
    )
