"""Dispatch by rule: what is due and unblocked goes to its devices, what is not says why."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal, system
from server.core.db import Reads, Writer
from server.feed import service as feed
from server.runs import queries as runs
from server.runs import service as running
from server.runs.marks import MISS_AFTER_S
from server.runs.queries.due import dispatched_before, leaving_between
from server.runs.service import Overrides
from server.sites import queries as sites
from shared.ids import RunId, SiteId
from shared.local_time import local_day, zone
from shared.refusals import Refusal

DISPATCH_AHEAD_S = 57_600
BY_HAND_S = 3_600  # with auto_dispatch off, somebody is reminded this long before departure
RUNS_PER_WORK = 20
NOT_DISPATCHED = "not_dispatched"
GateItems = Sequence[tuple[str, str, str]]  # item, block or warn, sentence
Gate = Callable[[Session, SiteId, RunId, datetime], GateItems]


class Dispatched(NamedTuple):
    """What a pass did."""

    dispatched: int = 0
    blocked: int = 0


def dispatch_due(
    reads: Reads, writer: Writer, gate: Gate, now: datetime, *, site_id: SiteId | None = None
) -> Dispatched:
    """Dispatch every planned run that leaves within DISPATCH_AHEAD_S and that nothing blocks."""
    done = Dispatched()
    for one in [site_id] if site_id is not None else reads.run(sites.all_sites):
        leaving = reads.run(_due_of(one, now))
        for start in range(0, len(leaving), RUNS_PER_WORK):
            part = leaving[start : start + RUNS_PER_WORK]
            found = writer.run(_work(one, part, gate, now))
            done = Dispatched(done.dispatched + found.dispatched, done.blocked + found.blocked)
    return done


def _due_of(site_id: SiteId, now: datetime) -> Callable[[Session], list[UUID]]:
    def look(session: Session) -> list[UUID]:
        auto = sites.settings(session, site_id).auto_dispatch
        ahead_s = DISPATCH_AHEAD_S if auto else BY_HAND_S
        since = now - timedelta(seconds=MISS_AFTER_S)
        return leaving_between(session, site_id, now + timedelta(seconds=ahead_s), since=since)

    return look


def _work(
    site_id: SiteId, run_ids: Sequence[UUID], gate: Gate, now: datetime
) -> Callable[[Session], Dispatched]:
    def work(session: Session) -> Dispatched:
        auto = sites.settings(session, site_id).auto_dispatch
        sent = [_one(session, site_id, RunId(key), gate, now, auto=auto) for key in run_ids]
        return Dispatched(sum(sent), len(sent) - sum(sent))

    return work


def _one(
    session: Session, site_id: SiteId, run_id: RunId, gate: Gate, now: datetime, *, auto: bool
) -> bool:
    if not auto:
        _say_why(session, site_id, run_id, ["auto_dispatch is off"], now)
        return False
    items = gate(session, site_id, run_id, now)
    blocks = [sentence for _item, level, sentence in items if level == "block"]
    if blocks:
        _say_why(session, site_id, run_id, blocks, now)
        return False
    running.dispatch(session, system(site_id), run_id, gate=items, now=now)
    return True


def hand_over_tomorrow(reads: Reads, writer: Writer, now: datetime) -> int:
    """Give the devices those of tomorrow's runs that were dispatched before today; how many."""
    count = 0
    for one in reads.run(sites.all_sites):
        early = reads.run(partial(_dispatched_early, site_id=one, now=now))
        for start in range(0, len(early), RUNS_PER_WORK):
            part = [RunId(key) for key in early[start : start + RUNS_PER_WORK]]
            writer.run(partial(running.rescope, site_id=one, now=now, run_ids=part))
        count += len(early)
    return count


def _dispatched_early(session: Session, site_id: SiteId, now: datetime) -> list[UUID]:
    tz = zone(sites.site(session, site_id).tz)
    today = local_day(now, tz)
    midnight = datetime.combine(today, time.min, tzinfo=tz)
    return dispatched_before(session, site_id, today + timedelta(days=1), midnight)


def _say_why(
    session: Session, site_id: SiteId, run_id: RunId, why: Sequence[str], now: datetime
) -> None:
    row = runs.run(session, site_id, run_id)
    detail = {"run": str(run_id), "run_name": row.name, "why": list(why)}
    feed.raise_exception(session, site_id, NOT_DISPATCHED, "run", run_id, detail=detail, now=now)


def dispatch_one(
    session: Session,
    who: Principal,
    run_id: RunId,
    gate: Gate,
    *,
    overrides: Overrides = (),
    now: datetime,
) -> runs.RunView:
    """Dispatch one run because somebody says so; a block needs a reason to be overridden."""
    runs.allowed_run(session, who, run_id, "write")
    items = gate(session, who.site_id, run_id, now)
    running.dispatch(session, who, run_id, gate=items, overrides=overrides, now=now)
    return runs.load(session, who.site_id, run_id)


def dispatch_all(
    session: Session, who: Principal, run_ids: Sequence[RunId], gate: Gate, *, now: datetime
) -> dict[RunId, str]:
    """Dispatch every run of the list that nothing blocks; gives the reason of each that stayed."""
    stayed = {}
    for run_id in run_ids:
        try:
            dispatch_one(session, who, run_id, gate, now=now)
        except Refusal as refusal:
            stayed[run_id] = refusal.sentence(who.lang)
    return stayed
