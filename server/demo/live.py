"""Sees that something is on the road whatever the hour: versions, exceptions, runs of today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlmodel import Session

from server.core.access import system
from server.core.db import Reads, Writer
from server.core.jobs import Jobs
from server.demo.keys import SITE_ID
from server.demo.places import SITE
from server.demo.rounds import Round, from_now, minutes_after, rounds, shifted
from server.loops import queries as loop_queries
from server.loops import service as loops
from server.loops.rules import version_on
from server.runs import queries as runs
from server.runs import service as running
from server.runs.rules import plan_run
from server.schedule import service as schedule
from server.sites import queries as site_queries
from server.travel import service as travel
from shared.departure import Departure, expand
from shared.ids import LoopId, RunId
from shared.local_time import local_day, zone
from shared.loop import LoopVersion

TZ = zone(SITE.tz)
STILL_GOING = timedelta(hours=2)
SOON = timedelta(minutes=5)
JUST_NOW = timedelta(seconds=90)  # the live departure is this minute's, which has begun
WHO = system(SITE_ID)


@dataclass(frozen=True)
class Stage:
    """What the demo acts with."""

    reads: Reads
    writer: Writer
    jobs: Jobs
    gate: schedule.Gate


def play(stage: Stage, *, now: datetime) -> None:
    """Give every loop that has nothing going a departure now, and have all runs made and sent."""
    today = local_day(now, TZ)
    for one in rounds(today):
        if not stage.reads.run(partial(_going, one=one, today=today, now=now)):
            stage.writer.run(partial(_leave_now, jobs=stage.jobs, one=one, today=today, now=now))
    # Dispatched before the timetable looks at them: it would open the same runs without goods.
    schedule.dispatch_due(stage.reads, stage.writer, stage.gate, now, site_id=SITE_ID)
    schedule.materialise(stage.reads, stage.writer, now - JUST_NOW, site_id=SITE_ID)
    schedule.dispatch_due(stage.reads, stage.writer, stage.gate, now, site_id=SITE_ID)


def _going(session: Session, one: Round, today: date, now: datetime) -> bool:
    """Whether a run of the loop is on its way or about to leave."""
    yesterday = today - timedelta(days=1)
    back = timedelta(seconds=_headway_s(one)) if one.takt else STILL_GOING
    found = runs.of_loop(session, SITE_ID, one.id, yesterday, today)
    return any(
        row.plan_state == "dispatched"
        and row.returned_at is None
        and now - back <= row.planned_departure_at <= now + SOON
        for row in found
    )


def _headway_s(one: Round) -> int:
    return one.version.departures[0].headway_s or 0


def _leave_now(session: Session, jobs: Jobs, one: Round, today: date, now: datetime) -> None:
    """A departure of this minute; a road loop's windows are told for it, from tomorrow as usual."""
    local = now.astimezone(TZ)
    tomorrow = today + timedelta(days=1)
    _clear(session, one, today, now)
    versions = loop_queries.versions(session, SITE_ID, LoopId(one.id))
    if one.takt:
        if not versions:
            _publish(session, jobs, one, one.version, valid_from=today, now=now)
    else:
        live = shifted(one.version, minutes_after(one.usual, local))
        _publish(session, jobs, one, live, valid_from=today, now=now)
        _publish(session, jobs, one, one.version, valid_from=tomorrow, now=now)
    departures = from_now(one, local)
    _add(session, jobs, one, today, departures, now=now)
    if one.goods:
        _open_with_goods(session, one, today, departures, now=now)


def _clear(session: Session, one: Round, today: date, now: datetime) -> None:
    """Call off what an earlier start of the demo left behind and nobody drove: vehicles are few."""
    yesterday = today - timedelta(days=1)
    for row in runs.of_loop(session, SITE_ID, one.id, yesterday, today):
        waits = row.plan_state in ("planned", "dispatched")
        if waits and row.departed_at is None and row.returned_at is None:
            running.cancel(session, WHO, RunId(row.id), reason="the demo starts anew", now=now)


def _open_with_goods(
    session: Session, one: Round, today: date, departures: Sequence[Departure], *, now: datetime
) -> None:
    """Open the runs of these departures as the timetable would, with what they carry."""
    template = version_on(loop_queries.templates(session, SITE_ID, LoopId(one.id)), today)
    assert template is not None, "a version of today was published just now"
    ids = [stop.location_id for stop in template.version.stops]
    places = site_queries.locations(session, SITE_ID, ids)
    known = {key: site_queries.as_location(row) for key, row in places.items()}
    proof = site_queries.settings(session, SITE_ID).proof
    planned = [
        plan_run(template, line, today, places=known, site_proof=proof, tz=TZ, lines=one.goods)
        for line in expand(departures, today, TZ)
    ]
    running.open_runs(session, SITE_ID, planned, now=now)


def _publish(
    session: Session,
    jobs: Jobs,
    one: Round,
    version: LoopVersion,
    *,
    valid_from: date,
    now: datetime,
) -> None:
    loop_id = LoopId(one.id)
    made, _ = loops.write_draft(session, WHO, loop_id, version, now=now)
    loops.publish(
        session,
        WHO,
        loop_id,
        made.version,
        valid_from=valid_from,
        legs_of=travel.legs,
        jobs=jobs,
        now=now,
    )


def _add(
    session: Session,
    jobs: Jobs,
    one: Round,
    today: date,
    departures: Sequence[Departure],
    *,
    now: datetime,
) -> None:
    """Add the departures to what earlier starts of this day have added."""
    loop_id = LoopId(one.id)
    row = loop_queries.loop(session, SITE_ID, loop_id)
    earlier: list[Mapping[str, Any]] = [
        line
        for exception in row.exceptions
        if exception["date"] == today.isoformat() and exception["op"] == "add"
        for line in exception.get("departures") or ()
    ]
    told = [*earlier, *(line.model_dump(mode="json") for line in departures)]
    given = [{"op": "add", "departures": told}]
    loops.put_exception(session, WHO, loop_id, today, given, jobs=jobs, now=now)
