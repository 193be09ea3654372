"""Routes of the plant: Andons, empties, control cycles, cards, calls, stock, handovers."""

from typing import Any
from uuid import UUID

from server.core import http
from server.core.access import allow_list
from server.core.http import InClock, InReads, InWriter, Who, needs
from server.core.ids import new_id
from server.plant import queries, service, wire
from server.plant.queries import forms, lists
from shared.ids import RunId
from shared.plant_facts import AndonRaised

router = http.router("/api/v1", tags=["plant"])
Answer = dict[str, Any]


@router.get("/andons", openapi_extra=needs("andon", "read"))
def andons(who: Who, reads: InReads, *, everything: bool = False) -> Answer:
    """List the open Andons, or all of them."""
    allow_list(who, "andon")
    rows = reads.run(lambda s: queries.andons(s, who.site_id, only_open=not everything))
    return {"items": [forms.andon_out(row) for row in rows], "next": None}


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
        lambda s: forms.andon_out(service.raise_andon(s, who, fact, run_id=run, now=now))
    )


@router.post("/andons/{andon_id}/ack", openapi_extra=needs("andon", "write"))
def acknowledge(andon_id: UUID, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Say that an Andon was seen."""
    now = clock.now()
    return writer.run(lambda s: forms.andon_out(service.acknowledge(s, who, andon_id, now=now)))


@router.post("/andons/{andon_id}/clear", openapi_extra=needs("andon", "write"))
def clear(
    andon_id: UUID, body: wire.ClearAndon, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Say that the cause of an Andon is gone."""
    now, cause = clock.now(), body.cause
    return writer.run(
        lambda s: forms.andon_out(service.clear(s, who, andon_id, cause=cause, now=now))
    )


@router.get("/empties", openapi_extra=needs("loads", "read"))
def empties(who: Who, reads: InReads) -> Answer:
    """List the empties accounts."""
    allow_list(who, "loads")
    rows = reads.run(lambda session: queries.balances(session, who.site_id))
    return {"items": [forms.balance_out(row) for row in rows], "next": None}


@router.post("/empties/count", openapi_extra=needs("loads", "write"))
def count(body: wire.CountedEmpties, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Book what was counted."""
    now, place, kind = clock.now(), body.location_id, body.container_type
    return writer.run(
        lambda s: forms.balance_out(
            service.count_empties(s, who, place, kind, qty=body.qty, now=now)
        )
    )


@router.get("/control-cycles", openapi_extra=needs("kanban", "read"))
def control_cycles(who: Who, reads: InReads) -> Answer:
    """List the control cycles."""
    allow_list(who, "kanban")
    rows = reads.run(lambda session: queries.control_cycles(session, who.site_id))
    return {"items": [forms.cycle_out(row) for row in rows], "next": None}


@router.post("/control-cycles", status_code=201, openapi_extra=needs("kanban", "write"))
def add_cycle(body: wire.NewControlCycle, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Say that a station needs a part."""
    now, given = clock.now(), body.model_dump()
    return writer.run(lambda s: forms.cycle_out(service.add_control_cycle(s, who, given, now=now)))


@router.patch("/control-cycles/{cycle_id}", openapi_extra=needs("kanban", "write"))
def change_cycle(
    cycle_id: UUID, body: wire.ControlCycleChange, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Change a control cycle."""
    now, rev = clock.now(), body.expected_rev
    given = body.model_dump(exclude_unset=True, exclude={"expected_rev"})
    work = service.change_control_cycle
    return writer.run(
        lambda s: forms.cycle_out(work(s, who, cycle_id, given, expected_rev=rev, now=now))
    )


@router.get("/kanban/cards", openapi_extra=needs("kanban", "read"))
def cards(who: Who, reads: InReads, control_cycle_id: UUID | None = None) -> Answer:
    """List the cards, of one control cycle or of all."""
    allow_list(who, "kanban")
    found = reads.run(lambda s: lists.cards(s, who.site_id, control_cycle_id))
    return {"items": found, "next": None}


@router.post("/kanban/cards/{card_id}", openapi_extra=needs("kanban", "write"))
def look_after(
    card_id: UUID, body: wire.CardDeed, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Say what became of a card."""
    now, work = clock.now(), service.look_after
    return writer.run(lambda s: lists.one_card(s, work(s, who, card_id, body.do, now=now)))


@router.get("/kanban/cards/{card_id}/label", openapi_extra=needs("kanban", "read"))
def label(card_id: UUID, who: Who, reads: InReads) -> Answer:
    """What is printed on a card: its scan code and the words beside it."""
    allow_list(who, "kanban")
    return reads.run(lambda s: lists.label(s, queries.card(s, who.site_id, card_id)))


@router.get("/kanban/calls", openapi_extra=needs("kanban", "read"))
def calls(who: Who, reads: InReads, *, everything: bool = False) -> Answer:
    """List the open calls, or all of them."""
    allow_list(who, "kanban")
    found = reads.run(lambda s: lists.calls(s, who.site_id, open_only=not everything))
    return {"items": found, "next": None}


@router.post("/kanban/calls", status_code=201, openapi_extra=needs("kanban", "write"))
def make_call(body: wire.NewCall, who: Who, writer: InWriter, clock: InClock) -> Answer:
    """Call boxes by hand."""
    now, cycle, boxes, work = clock.now(), body.control_cycle_id, body.boxes, service.make_call
    return writer.run(lambda s: lists.one_call(s, work(s, who, cycle, boxes=boxes, now=now)))


@router.post("/kanban/calls/{call_id}/assign", openapi_extra=needs("kanban", "write"))
def give_call(
    call_id: UUID, body: wire.CallFor, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Have one run bring a call."""
    now, run, work = clock.now(), body.run_id, service.give_call
    return writer.run(lambda s: lists.one_call(s, work(s, who, call_id, run, now=now)))


@router.get("/kanban/audit", openapi_extra=needs("kanban", "read"))
def lost_cards(who: Who, reads: InReads, clock: InClock) -> Answer:
    """List the cards nobody has seen for too long."""
    allow_list(who, "kanban")
    return {"items": reads.run(lambda s: lists.lost(s, who.site_id, clock.now())), "next": None}


@router.get("/stations/stock", openapi_extra=needs("kanban", "read"))
def stock(who: Who, reads: InReads, clock: InClock) -> Answer:
    """List what is at the stations, counted and estimated."""
    allow_list(who, "kanban")
    return {"items": reads.run(lambda s: lists.stocks(s, who.site_id, clock.now())), "next": None}


@router.post("/stations/{station_id}/count", openapi_extra=needs("kanban", "write"))
def count_stock(
    station_id: UUID, body: wire.CountedStock, who: Who, writer: InWriter, clock: InClock
) -> Answer:
    """Book the boxes that were counted."""
    now, part, qty = clock.now(), body.part_no, body.qty
    writer.run(lambda s: service.count_stock(s, who, station_id, part, boxes=qty, now=now))
    return {"station_id": str(station_id), "part_no": part, "boxes": qty}


@router.get("/handovers", openapi_extra=needs("kanban", "read"))
def handovers(who: Who, reads: InReads, *, everything: bool = False) -> Answer:
    """List what shifts have left and nobody has taken over yet, or the last ones."""
    allow_list(who, "kanban")
    rows = reads.run(lambda s: queries.handovers(s, who.site_id, only_open=not everything))
    return {"items": [forms.handover_out(row) for row in rows], "next": None}
