"""What people decide about facts: let held ones count, and correct what was recorded."""

from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Session

from server.core import audit
from server.core.access import Principal
from server.core.jobs import Jobs
from server.facts import queries as facts_queries
from server.facts import service as facts
from server.facts.queries import HeldFact
from server.feed import queries as feed_queries
from server.feed import service as feed
from server.runs import queries as runs
from server.sync import effects
from shared.events import BODIES, Body
from shared.ids import DeviceId, EventId, RunId, SiteId, VisitId
from shared.refusals import refuse

CORRECTIONS = frozenset(
    {
        "stop.arrived",
        "stop.departed",
        "stop.completed",
        "stop.partly",
        "stop.failed",
        "stop.skipped",
        "stop.reopened",
        "fact.voided",
        "load.counted",
        "empties.taken",
        "note.added",
        "run.finished",
        "run.missed",
        "station.done",
        "station.missed",
        "stock.counted",
        "andon.acknowledged",
        "andon.cleared",
    }
)


def attach(
    session: Session,
    who: Principal,
    event_id: EventId,
    visit_id: VisitId,
    jobs: Jobs,
    *,
    now: datetime,
) -> None:
    """Let a held fact count for a visit."""
    run_id = runs.known_visits(session, who.site_id, [visit_id]).get(visit_id)
    if run_id is None:
        raise refuse("not_found")
    before = _waiting(session, who.site_id, event_id)
    feed.lock(session, who.site_id, now)
    fact = facts.attach(session, who.site_id, event_id, visit_id, by=who.by, now=now)
    effects.apply(session, who.site_id, [replace(fact, run_id=run_id)], jobs, now=now)
    _decided(session, who, before, f"attach {visit_id}", now=now)


def release(
    session: Session, who: Principal, event_id: EventId, jobs: Jobs, *, now: datetime
) -> None:
    """Let a held fact count as it is."""
    before = _waiting(session, who.site_id, event_id)
    feed.lock(session, who.site_id, now)
    released = facts.release(session, who.site_id, [event_id], by=who.by, now=now)
    if not released:
        raise refuse("bad_state", why="this entry cannot be read")
    effects.apply(session, who.site_id, released, jobs, now=now)
    _decided(session, who, before, "release", now=now)


def dismiss(
    session: Session, who: Principal, event_id: EventId, reason: str, *, now: datetime
) -> None:
    """Decide that a held fact does not count; it stays stored."""
    before = facts.dismiss(session, who.site_id, event_id, by=who.by, now=now)
    _decided(session, who, before, "dismiss", now=now, reason=reason)


def reopen(session: Session, who: Principal, event_id: EventId, *, now: datetime) -> None:
    """Let a dismissed fact wait again: somebody was mistaken."""
    facts.reopen(session, who.site_id, event_id, by=who.by, now=now)
    before = _waiting(session, who.site_id, event_id)
    _decided(session, who, before, "reopen", now=now)


def correct(
    session: Session,
    who: Principal,
    kind: str,
    said: object,
    jobs: Jobs,
    *,
    run_id: RunId | None,
    visit_id: VisitId | None,
    now: datetime,
) -> EventId:
    """Record a supervisor's correction as a fact of its own (sync-events.md §2)."""
    body = _body(kind, said)
    if visit_id is not None:
        run_id = runs.known_visits(session, who.site_id, [visit_id]).get(visit_id)
    if run_id is None or run_id not in runs.known_runs(session, who.site_id, [run_id]):
        raise refuse("not_found")
    rev = feed_queries.head(session, who.site_id)
    feed.lock(session, who.site_id, now)
    new = facts.record(
        session,
        who.site_id,
        f"supervisor:{who.person_id}",
        body,
        run_id=run_id,
        visit_id=visit_id,
        plan_rev=rev,
        now=now,
    )
    stored = facts.facts_of(session, who.site_id, [new.id])
    effects.apply(session, who.site_id, stored, jobs, now=now)
    subject = ("visit", visit_id) if visit_id else ("run", run_id)
    audit.record(session, who, f"fact.{kind}", subject, now=now, after={"event": str(new.id)})
    return new.id


def _body(kind: str, said: object) -> Body:
    if kind not in CORRECTIONS:
        raise refuse("bad_input", errors=[("/type", "cannot be corrected here")], why="type")
    try:
        return BODIES[kind].model_validate(said)
    except ValidationError as error:
        found = [("/body/" + "/".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise refuse("bad_input", errors=found, why="body") from error


def _waiting(session: Session, site_id: SiteId, event_id: EventId) -> HeldFact:
    found = facts_queries.held(session, site_id, ids=[event_id], limit=1)
    if not found:
        raise refuse("not_found")
    return found[0]


def _decided(
    session: Session,
    who: Principal,
    before: HeldFact,
    what: str,
    *,
    now: datetime,
    reason: str = "",
) -> None:
    audit.record(
        session,
        who,
        f"held.{what.partition(' ')[0]}",
        ("event", before.id),
        now=now,
        before={"why": before.why},
        after={"decision": what},
        reason=reason,
    )
    if before.device_id is not None:
        effects.tell_held(session, who.site_id, DeviceId(before.device_id), now=now)
