"""The plan state of a run: dispatch, recall, cancel, assign, take over, close."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core import audit
from server.core.access import Principal
from server.core.clock import to_ms
from server.feed import service as feed
from server.fleet import queries as fleet
from server.people import queries as people
from server.runs import queries
from server.runs.service.plans import PlanDraft, locked_run, write_plan
from server.runs.service.rows import shown_rows
from server.runs.service.scoping import carrier_of, devices_of, rescope_runs
from server.runs.tables import RunRow
from shared.ids import DeviceId, DriverId, RunId, SiteId, VehicleId
from shared.refusals import refuse

CLOSE_AFTER_S = 86_400
NOT_DISPATCHED = "not_dispatched"
Overrides = Sequence[tuple[str, str]]


def dispatch(
    session: Session,
    who: Principal,
    run_id: RunId,
    *,
    gate: Sequence[tuple[str, str, str]] = (),
    overrides: Overrides = (),
    now: datetime,
) -> RunRow:
    """Give a planned run to its devices; `gate` are the items (item, level, sentence) it passed.

    A block that is not overridden with a reason refuses `gate_blocked`.
    """
    feed.lock(session, who.site_id, now)  # before the run, as everybody does who folds facts
    run = locked_run(session, who.site_id, run_id)
    if run.plan_state == "dispatched":
        return run
    if run.plan_state != "planned":
        raise refuse("bad_state", why=f"the run is {run.plan_state}")
    excused = {item for item, reason in overrides if reason.strip()}
    blocks = [
        sentence for item, level, sentence in gate if level == "block" and item not in excused
    ]
    if blocks:
        raise refuse("gate_blocked", why="; ".join(blocks)[:500])
    run.plan_state, run.dispatched_at = "dispatched", now
    run.gate = [list(item) for item in gate] or None
    used = [[item, reason] for item, reason in overrides if item in {one[0] for one in gate}]
    run.gate_overrides = used or None
    _tell(session, who, run, "run.dispatched", now)
    feed.close_exception(session, who.site_id, NOT_DISPATCHED, "run", run.id, now=now)
    if used:
        feed.raise_exception(session, who.site_id, "gate_overridden", "run", run.id,
                             detail={"items": used, "by": who.name}, now=now)  # fmt: skip
    return run


def recall(
    session: Session, who: Principal, run_id: RunId, *, reason: str, now: datetime
) -> RunRow:
    """Take a dispatched run back to planned, as long as nothing happened on it."""
    feed.lock(session, who.site_id, now)  # before the run, as everybody does who folds facts
    run = locked_run(session, who.site_id, run_id)
    if run.plan_state != "dispatched" or run.fact is not None:
        raise refuse("bad_state", why="only a dispatched run without facts can be recalled")
    run.plan_state, run.dispatched_at, run.device_id = "planned", None, None
    run.pinned = True
    _tell(session, who, run, "run.recalled", now, reason=reason)
    return run


def cancel(
    session: Session, who: Principal, run_id: RunId, *, reason: str, now: datetime
) -> RunRow:
    """Call a run off; facts that still come are kept and shown as off the plan."""
    feed.lock(session, who.site_id, now)  # before the run, as everybody does who folds facts
    run = locked_run(session, who.site_id, run_id)
    if run.plan_state == "cancelled":
        return run
    if run.plan_state == "closed":
        raise refuse("bad_state", why="the run is closed")
    run.plan_state, run.cancel_reason, run.pinned = "cancelled", reason or "office", True
    run.off_plan = run.fact is not None
    change = {"version": run.plan_version, "by": who.name, "at": to_ms(now), "reason": reason}
    run.change = change
    _tell(session, who, run, "run.cancelled", now, reason=reason)
    feed.close_exception(session, who.site_id, NOT_DISPATCHED, "run", run.id, now=now)
    return run


def assign(
    session: Session,
    who: Principal,
    run_id: RunId,
    *,
    vehicle_id: VehicleId | None = None,
    driver_id: DriverId | None = None,
    expected_version: int,
    reason: str = "",
    now: datetime,
) -> int:
    """Give the run another vehicle or driver; None leaves it. The next plan version says so."""
    _check_known(session, who.site_id, vehicle_id, driver_id)
    wanted: dict[str, UUID | None] = {}
    if vehicle_id is not None:
        wanted["vehicle_id"] = vehicle_id
    if driver_id is not None:
        wanted["driver_id"] = driver_id
    view = queries.load(session, who.site_id, run_id)
    draft = PlanDraft(
        order=view.order,
        ops=[{"op": "assign", **{key: str(value) for key, value in wanted.items()}}],
        violations=view.plan.violations,
        assign=wanted,
    )
    return write_plan(session, who.site_id, run_id, draft, expected_version=expected_version,
                      by=who.name, reason=reason, now=now)  # fmt: skip


def take_over(
    session: Session,
    site_id: SiteId,
    run: RunRow,
    *,
    device_id: DeviceId,
    driver_id: DriverId | None,
    now: datetime,
) -> None:
    """Let the run go on on this device alone; the former one loses it."""
    if run.device_id == device_id and (driver_id is None or run.driver_id == driver_id):
        return
    run.device_id = device_id
    run.driver_id = run.driver_id or driver_id
    run.claim = None
    feed.lock(session, site_id, now)
    session.flush()
    feed.publish(session, site_id, shown_rows(session, site_id, RunId(run.id)), now)
    rescope_runs(session, site_id, [run], now)


def decide_claim(
    session: Session, who: Principal, run_id: RunId, do: str, *, reason: str, now: datetime
) -> RunRow:
    """Grant or refuse the wish to take a run over."""
    queries.allowed_run(session, who, run_id, "write")
    if do == "grant":
        return grant_claim(session, who, run_id, now=now)
    return refuse_claim(session, who, run_id, reason=reason, now=now)


def grant_claim(session: Session, who: Principal, run_id: RunId, *, now: datetime) -> RunRow:
    """Agree that whoever asked first takes this run."""
    run, claim = _claimed(session, who, run_id, now)
    device = DeviceId(UUID(claim["device"]))
    driver = DriverId(UUID(claim["driver"])) if claim.get("driver") else None
    take_over(session, who.site_id, run, device_id=device, driver_id=driver, now=now)
    audit.record(session, who, "run.claim_granted", ("run", run.id), now=now)
    return run


def refuse_claim(
    session: Session, who: Principal, run_id: RunId, *, reason: str, now: datetime
) -> RunRow:
    """Say no to whoever asked; another wish of somebody else may still come."""
    run, claim = _claimed(session, who, run_id, now)
    refused = [*claim.get("refused", ()), claim["event"]]
    run.claim, run.updated_at = {"refused": refused}, now
    run.rev = feed.lock(session, who.site_id, now)
    audit.record(session, who, "run.claim_refused", ("run", run.id), now=now, before=claim,
                 reason=reason)  # fmt: skip
    return run


def _claimed(
    session: Session, who: Principal, run_id: RunId, now: datetime
) -> tuple[RunRow, dict[str, Any]]:
    feed.lock(session, who.site_id, now)
    run = locked_run(session, who.site_id, run_id)
    if run.claim is None or "device" not in run.claim:
        raise refuse("bad_state", why="nobody asked for this run")
    return run, run.claim


def any_to_close(session: Session, site_id: SiteId, now: datetime) -> bool:
    """Say whether a run is long over, still open, and awaits nothing from its devices."""
    return bool(_to_close(session, site_id, now))


def _to_close(session: Session, site_id: SiteId, now: datetime) -> list[RunRow]:
    over = [run for run in queries.open_runs(session, site_id) if _long_over(run, now)]
    if not over:
        return []
    unsent = people.devices_with_unsent(session, site_id)
    return [run for run in over if not devices_of(session, site_id, run, now) & unsent]


def _long_over(run: RunRow, now: datetime) -> bool:
    limit = now - timedelta(seconds=CLOSE_AFTER_S)
    return run.returned_at is not None and run.returned_at <= limit


def close_done(session: Session, site_id: SiteId, *, now: datetime) -> int:
    """Close runs a day after their end, unless a device of theirs still holds something."""
    closed = _to_close(session, site_id, now)
    for run in closed:
        run.plan_state, run.updated_at = "closed", now
        run.rev = feed.lock(session, site_id, now)
    for run in closed:
        feed.publish(session, site_id, shown_rows(session, site_id, RunId(run.id)), now)
    rescope_runs(session, site_id, closed, now)
    return len(closed)


def _tell(
    session: Session,
    who: Principal,
    run: RunRow,
    what: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    run.updated_at = now
    run.rev = feed.lock(session, who.site_id, now)
    if run.carrier_id is None:
        run.carrier_id = carrier_of(session, who.site_id, run)
    feed.publish(session, who.site_id, shown_rows(session, who.site_id, RunId(run.id)), now)
    rescope_runs(session, who.site_id, [run], now)
    audit.record(session, who, what, ("run", run.id), now=now, reason=reason,
                 after={"plan_state": run.plan_state, "at": to_ms(now)})  # fmt: skip


def _check_known(
    session: Session, site_id: SiteId, vehicle: VehicleId | None, driver: DriverId | None
) -> None:
    unknown = []
    if vehicle is not None and fleet.vehicle(session, site_id, vehicle) is None:
        unknown.append(("/vehicle_id", "unknown"))
    if driver is not None and people.driver(session, site_id, driver) is None:
        unknown.append(("/driver_id", "unknown"))
    if unknown:
        raise refuse("bad_input", errors=unknown, why=", ".join(key for key, _ in unknown))
