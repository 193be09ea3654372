"""Orders that drivers propose: taken over, refused, or left to people (sync-events.md R8)."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal, system
from server.core.clock import to_ms
from server.dispatch.service.changeable import check_changeable
from server.dispatch.service.editing import edit
from server.facts import queries as facts
from server.facts.queries import StoredFact
from server.people import queries as people
from server.runs import queries as runs
from server.runs import service as running
from server.runs.queries import RunView
from shared.events import RunOrderProposed
from shared.ids import DriverId, EventId, RunId, SiteId
from shared.plan import AcceptProposal
from shared.refusals import Refusal, refuse

Said = Literal["open", "refused"]
OPEN: Said = "open"
REFUSED: Said = "refused"


def consider(session: Session, site_id: SiteId, run_ids: Collection[RunId], now: datetime) -> None:
    """Decide about the newest proposal of each of these runs, as far as the policy decides.

    `free` takes it over when it was made on the plan in force, `off` refuses it, `ask` waits.
    """
    for view in runs.views(session, site_id, run_ids):
        proposed = (view.run.fact or {}).get("proposed")
        if proposed is None or (view.run.proposal or {}).get("event") == proposed:
            continue
        [*found] = facts.facts_of(session, site_id, [EventId(UUID(proposed))])
        if found and isinstance(found[0].event.body, RunOrderProposed):
            _consider(session, view, found[0], found[0].event.body, now)


def _consider(
    session: Session, view: RunView, fact: StoredFact, body: RunOrderProposed, now: datetime
) -> None:
    run, site_id = view.run, SiteId(view.run.site_id)
    run.proposal = {"event": fact.event.id, "state": OPEN, "at": fact.reported_ms}
    current = run.plan_state == "dispatched" and body.base_version == run.plan_version
    if run.driver_order == "free" and current and _taken_over(session, view, fact, now):
        return
    if run.driver_order != "ask":
        why = "off" if run.driver_order == "off" else "plan_changed"
        _mark(view, REFUSED, by="", now=now, why=why)
    running.tell_run(session, site_id, run, now)


def _taken_over(session: Session, view: RunView, fact: StoredFact, now: datetime) -> bool:
    """Make it the next plan in the driver's name; what cannot be driven stays with people."""
    site_id = SiteId(view.run.site_id)
    who = replace(system(site_id), name=_name(session, site_id, fact))
    op = AcceptProposal(proposal=UUID(fact.event.id))
    version = view.run.plan_version
    try:
        with session.begin_nested():
            key = RunId(view.run.id)
            edit(session, who, key, [op], reason="driver", expected_version=version, now=now)
    except Refusal:
        return False
    return True


def _name(session: Session, site_id: SiteId, fact: StoredFact) -> str:
    kind, _, key = fact.event.envelope.by.partition(":")
    row = people.driver(session, site_id, DriverId(UUID(key))) if kind == "driver" else None
    return row.name if row is not None else kind


def _mark(view: RunView, state: Said, *, by: str, now: datetime, why: str = "") -> None:
    told: dict[str, Any] = {**(view.run.proposal or {}), "state": state, "by": by}
    view.run.proposal = {**told, "decided": to_ms(now), **({"why": why} if why else {})}


def refuse_proposal(
    session: Session, who: Principal, run_id: RunId, proposal: UUID, *, reason: str, now: datetime
) -> None:
    """Say no to the order a driver proposed; the driver is told with the row of the run."""
    check_changeable(session, who, run_id, ())
    view = running.locked_view(session, who.site_id, run_id, now)
    asked = view.run.proposal or {}
    if asked.get("event") != str(proposal) or asked.get("state") != OPEN:
        raise refuse("bad_state", why="this proposal is decided already")
    _mark(view, REFUSED, by=who.name, now=now, why=reason)
    running.tell_run(session, who.site_id, view.run, now)
    audit.record(session, who, "proposal.refused", ("run", run_id), now=now,
                 before={"event": str(proposal)}, reason=reason)  # fmt: skip
