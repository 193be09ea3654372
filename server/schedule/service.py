"""The schedule's use cases as timers and jobs: materialise, dispatch what is due, sweep."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from server.core.db import Reads, Writer
from server.core.jobs import Handler, Job
from server.loops.service import MATERIALISE
from server.runs import service as running
from server.runs.queries.due import next_departure
from server.schedule.alarm import Timer
from server.schedule.dispatcher import (
    DISPATCH_AHEAD_S,
    Gate,
    dispatch_all,
    dispatch_due,
    dispatch_one,
    hand_over_tomorrow,
)
from server.schedule.materialiser import Made, materialise
from server.sites import queries as sites
from shared.ids import LoopId, SiteId

__all__ = [
    "MATERIALISE",
    "Gate",
    "Made",
    "dispatch_all",
    "dispatch_due",
    "dispatch_one",
    "hand_over_tomorrow",
    "handlers",
    "materialise",
    "next_due",
    "sweep",
    "timers",
]

MATERIALISE_EVERY_S = 3_600
DISPATCH_EVERY_S = 60
TOMORROW_EVERY_S = 3_600


def sweep(reads: Reads, writer: Writer, now: datetime, *, site_id: SiteId | None = None) -> int:
    """Raise and close the marks of runs, close what is long over; gives how many marks moved."""
    every = [site_id] if site_id is not None else reads.run(sites.all_sites)
    return sum(_sweep_site(reads, writer, one, now) for one in every)


def _sweep_site(reads: Reads, writer: Writer, site_id: SiteId, now: datetime) -> int:
    def look(session: Session) -> tuple[bool, bool]:
        to_mark = bool(running.unmarked(session, site_id, now))
        return to_mark, running.any_to_close(session, site_id, now)

    def mark(session: Session) -> int:
        return running.mark_runs(session, site_id, now)

    def close(session: Session) -> int:
        return running.close_done(session, site_id, now=now)

    to_mark, to_close = reads.run(look)
    count = writer.run(mark) if to_mark else 0
    if to_close:
        writer.run(close)
    return count


def handlers(reads: Reads, writer: Writer, gate: Gate) -> Mapping[str, Handler]:
    """Jobs of this room by kind: a changed loop gets its runs, and they go out if they are due."""

    def made(job: Job, now: datetime) -> None:
        key = job.payload.get("loop_id")
        loop_id = LoopId(UUID(str(key))) if key else None
        materialise(reads, writer, now, site_id=job.site_id, loop_id=loop_id)
        dispatch_due(reads, writer, gate, now, site_id=job.site_id)

    return {MATERIALISE: made}


def timers(reads: Reads, writer: Writer, gate: Gate) -> list[Timer]:
    """Clocks of this room: make and hand over runs hourly, dispatch and sweep by the minute."""

    def tick(now: datetime) -> None:
        dispatch_due(reads, writer, gate, now)
        sweep(reads, writer, now)

    return [
        Timer("materialise", MATERIALISE_EVERY_S, lambda now: materialise(reads, writer, now)),
        Timer("tomorrow", TOMORROW_EVERY_S, lambda now: hand_over_tomorrow(reads, writer, now)),
        Timer("dispatch", DISPATCH_EVERY_S, tick, next_due(reads)),
    ]


def next_due(reads: Reads) -> Callable[[datetime], datetime | None]:
    """Give the function that says when the next run becomes due for dispatch."""

    def look(now: datetime) -> datetime | None:
        ahead = timedelta(seconds=DISPATCH_AHEAD_S)

        def of_all(session: Session) -> list[datetime | None]:
            every = sites.all_sites(session)
            return [next_departure(session, one, now + ahead) for one in every]

        soonest = min((at for at in reads.run(of_all) if at is not None), default=None)
        return None if soonest is None else soonest - ahead

    return look
