"""What taken facts change: judged under the lock of the feed, then folded, then told."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from server.blobs import service as blobs
from server.core.access import Principal
from server.core.jobs import Job, Jobs
from server.core.logs import log
from server.dispatch.service import bring_home, consider
from server.facts import queries
from server.facts import service as facts
from server.facts.rules import read
from server.facts.service import Appended, HeldFact, NewFact, StoredFact
from server.feed import queries as told
from server.feed import service as feed
from server.people import devices
from server.people import queries as people
from server.plant import service as plant
from server.proofs import service as proofs
from server.runs import queries as runs
from server.runs.service.folding import refold
from server.runs.service.scoping import rescope
from server.sync import beside, rules
from server.sync.rules import Subject
from shared.events import (
    Body,
    DeviceBlobUnreadable,
    DriverSignedIn,
    DriverSignedOut,
    RunOrderProposed,
)
from shared.ids import DeviceId, DriverId, EventId, RunId, SiteId, VisitId
from shared.run import OUTCOME

LOOK = "dispatch.look"
# One look serves what comes meanwhile, and does not stand in the way of the next answer.
LOOK_AFTER_MS = 500
RUN, STOP = "run", "stop"
HELD_FACT = "held_fact"
FOLD_ERROR = "fold_error"
SERVER = "server"
RETIRED = "retired_device"
UNREAD = frozenset({"unknown_type", "bad_body"})
IMPORTED = frozenset({"import_unverified", "import_chain"})
WAITING = frozenset({rules.UNKNOWN_RUN, rules.UNKNOWN_VISIT})
CONFLICTS_TOLD_MAX = 20


def after_push(
    session: Session, who: Principal, appended: Appended, jobs: Jobs, *, now: datetime
) -> None:
    """Carry out what a request of a device changes.

    Facts that waited for their run or visit are judged again: their device is here, and what
    they are about may have appeared (sync.md S11).
    """
    device_id = _device(who)
    waiting = _waiting(session, who.site_id, device_id)
    due = _may_count(session, who.site_id, device_id, [_subject(one) for one in waiting])
    vouched = _vouched(session, who, appended.known)
    due += vouched
    if not (due or appended.new or appended.retimed or appended.conflicts):
        return
    feed.lock(session, who.site_id, now)
    counting = _judged(session, who.site_id, device_id, appended.new)
    odd = len(counting) < len(appended.new)
    counting += facts.release(session, who.site_id, due, by=SERVER, now=now)
    _sign_in(session, who, counting, now)
    counting += facts.facts_of(session, who.site_id, appended.retimed)
    odd |= not apply_guarded(session, who.site_id, counting, jobs, now=now)
    if waiting or odd or vouched:
        tell_held(session, who.site_id, device_id, now=now)
    tell_conflicts(session, who.site_id, device_id, appended.conflicts, now)


def apply_guarded(
    session: Session,
    site_id: SiteId,
    counting: Sequence[StoredFact],
    jobs: Jobs,
    *,
    now: datetime,
) -> bool:
    """Apply facts so that none can block another: who cannot be folded waits, the rest counts.

    Says whether all count. The lock of the feed is held already, outside the savepoints that a
    failure undoes.
    """
    if _applied(session, site_id, counting, jobs, now):
        return True
    ids = [EventId(UUID(one.event.id)) for one in counting]
    facts.hold(session, site_id, dict.fromkeys(ids, FOLD_ERROR))
    for event_id in ids:
        _try_alone(session, site_id, event_id, jobs, now)
    return False


def _try_alone(
    session: Session, site_id: SiteId, event_id: EventId, jobs: Jobs, now: datetime
) -> None:
    with session.begin_nested() as alone:
        again = facts.release(session, site_id, [event_id], by=SERVER, now=now)
        if not _applied(session, site_id, again, jobs, now):
            alone.rollback()


def _applied(
    session: Session,
    site_id: SiteId,
    counting: Sequence[StoredFact],
    jobs: Jobs,
    now: datetime,
) -> bool:
    """Whether these facts could be applied; if not, nothing of them is left."""
    try:
        with session.begin_nested():
            apply(session, site_id, counting, jobs, now=now)
    except OperationalError:  # the database, not the facts: the writer knows what to do
        raise
    except Exception as error:  # noqa: BLE001 - content never refuses a fact
        log.error("facts could not be folded", count=len(counting), exc_info=error)
        return False
    return True


def apply(
    session: Session,
    site_id: SiteId,
    counting: Sequence[StoredFact],
    jobs: Jobs,
    *,
    now: datetime,
) -> None:
    """Fold, collect and tell what these facts mean; called under the lock of the feed."""
    if not counting:
        return
    run_ids = {one.run_id for one in counting if one.run_id is not None}
    visit_ids = {one.visit_id for one in counting if one.visit_id is not None}
    run_ids |= bring_home(session, site_id, visit_ids, now)
    touched = refold(session, site_id, run_ids, visit_ids, now)
    consider(session, site_id, _runs_of(counting, RunOrderProposed), now)
    beside.note(session, site_id, counting)
    results = {one.run_id for one in counting if one.run_id and one.event.type in OUTCOME}
    proofs.collect(session, site_id, counting, runs.carriers_of(session, site_id, results))
    plant.apply(session, site_id, counting, now)
    blobs.give_up(session, site_id, _unreadable(counting))
    after = now + timedelta(milliseconds=LOOK_AFTER_MS)
    for run_id in sorted(touched):
        jobs.submit(session, Job(LOOK, site_id, str(run_id), {"run": str(run_id)}, after))


def _runs_of(counting: Sequence[StoredFact], body: type[Body]) -> set[RunId]:
    return {one.run_id for one in counting if one.run_id and isinstance(one.event.body, body)}


def retry(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    jobs: Jobs,
    *,
    now: datetime,
    upgraded: bool = False,
) -> None:
    """Judge the waiting facts of a device again, also those an older server could not read.

    An upgraded server may fold what its predecessor could not.
    """
    found = facts.held(session, site_id, device_id=device_id)
    again = WAITING | UNREAD | {FOLD_ERROR} if upgraded else WAITING | UNREAD
    subjects = [_subject(one) for one in found if one.why in again and _readable(one)]
    due = _may_count(session, site_id, device_id, subjects)
    if not due:
        return
    feed.lock(session, site_id, now)
    released = facts.release(session, site_id, due, by=SERVER, now=now)
    apply_guarded(session, site_id, released, jobs, now=now)
    tell_held(session, site_id, device_id, now=now)


def _readable(fact: HeldFact) -> bool:
    return fact.doc is not None and read(str(fact.id), fact.doc).event is not None


def _device(who: Principal) -> DeviceId:
    assert who.device_id is not None, "only devices sync"
    return who.device_id


def _waiting(session: Session, site_id: SiteId, device_id: DeviceId) -> list[HeldFact]:
    found = facts.held(session, site_id, device_id=device_id)
    return [one for one in found if one.why in WAITING]


def _vouched(session: Session, who: Principal, known: Sequence[EventId]) -> list[EventId]:
    """Facts of a file nobody believed, which their device has now sent itself: they may count."""
    if not known:
        return []
    found = facts.held(session, who.site_id, ids=known, limit=len(known))
    mine = [_subject(one) for one in found if one.why in IMPORTED]
    why = _why(session, who.site_id, _device(who), mine) if mine else {}
    if who.retired:
        why = {one.id: RETIRED for one in mine}
    facts.hold(session, who.site_id, why)
    return [one.id for one in mine if one.id not in why]


def _subject(fact: HeldFact | NewFact) -> Subject:
    return Subject(fact.id, fact.type, fact.run_id, fact.visit_id)


def _may_count(
    session: Session, site_id: SiteId, device_id: DeviceId, subjects: Sequence[Subject]
) -> list[EventId]:
    if not subjects:
        return []
    why = _why(session, site_id, device_id, subjects)
    return [one.id for one in subjects if one.id not in why]


def _why(
    session: Session, site_id: SiteId, device_id: DeviceId, subjects: Collection[Subject]
) -> dict[EventId, str]:
    """Which of these facts must wait: the device was never told of what they are about."""
    keys = {(RUN, str(one.run_id)) for one in subjects if one.run_id}
    keys |= {(STOP, str(one.visit_id)) for one in subjects if one.visit_id}
    seen = told.told_to(session, site_id, device_id, keys)
    claims = {one.run_id for one in subjects if one.type == rules.CLAIM and one.run_id}
    return rules.judge(
        subjects,
        runs={RunId(UUID(id_)) for kind, id_ in seen if kind == RUN},
        visits={VisitId(UUID(id_)) for kind, id_ in seen if kind == STOP},
        claimable=runs.known_runs(session, site_id, claims) if claims else set(),
    )


def _judged(
    session: Session, site_id: SiteId, device_id: DeviceId, new: Sequence[NewFact]
) -> list[StoredFact]:
    """Hold what must wait, and give the others."""
    readable = [fact for fact in new if fact.why is None]
    why = _why(session, site_id, device_id, [_subject(fact) for fact in readable])
    facts.hold(session, site_id, why)
    return [
        StoredFact(
            fact.event,
            fact.run_id,
            fact.visit_id,
            fact.device_id,
            fact.reported_ms,
            fact.uncertain,
            fact.received_ms,
        )
        for fact in readable
        if fact.id not in why and fact.event is not None
    ]


def _unreadable(counting: Iterable[StoredFact]) -> dict[str, str]:
    bodies = (one.event.body for one in counting)
    return {body.sha: body.why for body in bodies if isinstance(body, DeviceBlobUnreadable)}


def _sign_in(
    session: Session, who: Principal, counting: Sequence[StoredFact], now: datetime
) -> None:
    """Note who drives with this device from here on, and give it that driver's runs."""
    changes = [
        one.event
        for one in counting
        if isinstance(one.event.body, DriverSignedIn | DriverSignedOut)
    ]
    if not changes:
        return
    newest = max(changes, key=lambda event: event.stamp)
    kind, _, key = newest.envelope.by.partition(":")
    signed_in = isinstance(newest.body, DriverSignedIn) and kind == "driver"
    # A device that was offline may tell late what the driver did before going elsewhere.
    last = queries.last_signed_in_on(session, who.site_id, newest.envelope.by)
    driver = DriverId(UUID(key)) if signed_in and last == who.device_id else None
    devices.driver_signed_in(session, who.site_id, _device(who), driver)
    concerned = {one for one in (driver, who.driver_id) if one is not None}
    if concerned:
        rescope(session, who.site_id, now, drivers=concerned)


def look_for_runs(session: Session, who: Principal, now: datetime, *, from_nothing: bool) -> None:
    """Give a device that starts from nothing, or was just paired, its vehicle's and driver's runs.

    They may have been dispatched before it was here.
    """
    row = people.device(session, who.site_id, _device(who))
    if row is None:
        return
    just_paired = row.last_seen_ms is None or row.last_seen_ms <= row.paired_ms
    if not (from_nothing or just_paired):
        return
    vehicles = [row.vehicle_id] if row.vehicle_id is not None else []
    drivers = [row.driver_id] if row.driver_id is not None else []
    if vehicles or drivers:
        rescope(session, who.site_id, now, drivers=drivers, vehicles=vehicles)


def tell_held(session: Session, site_id: SiteId, device_id: DeviceId, *, now: datetime) -> None:
    """Keep one exception per device with waiting facts, however many there are."""
    waiting = facts.held(session, site_id, device_id=device_id)
    about = ("device", device_id)
    if waiting:
        detail = {"held": len(waiting), "why": waiting[0].why}
        feed.raise_exception(session, site_id, HELD_FACT, *about, detail=detail, now=now)
    else:
        feed.close_exception(session, site_id, HELD_FACT, *about, now=now)


def tell_conflicts(
    session: Session,
    site_id: SiteId,
    device_id: DeviceId,
    conflicts: Sequence[EventId],
    now: datetime,
) -> None:
    """Show other bytes under a known id to a person; a flood of them is told in part."""
    rows = queries.conflicts_of(session, site_id, conflicts[:CONFLICTS_TOLD_MAX])
    for event_id, first, others in rows:
        sides = [_side(event_id, *one) for one in (first, *others[:1])]
        detail = {"why": "other_bytes", "device": str(device_id), "sides": sides}
        about = ("event", event_id)
        feed.raise_exception(session, site_id, HELD_FACT, *about, detail=detail, now=now)


def _side(event_id: EventId, doc: bytes | None, at_ms: int, device: str | None) -> dict[str, Any]:
    """One of two bodies under one id, as people compare them."""
    said = read(str(event_id), doc or b"")
    told = {"run": str(said.run)} if said.run else {}
    by = {"by": said.by or "", "event": str(event_id), "device": device}
    return {"what": said.type or "", "at": at_ms, **by, **told, "said": {}}
