"""What the board knows: runs, stops, positions, exceptions and devices as entries by kind and id.

`load` reads one topic in the reader's snapshot. The keys are those of the board's stream; a
change is told by its changed keys only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from server.core.access import Principal, reaches
from server.feed import queries as feed
from server.fleet import queries as fleet
from server.people import queries as people
from server.runs import queries as runs
from server.runs.queries import RunView
from server.sites import queries as sites
from server.web.board_kanban import kanban_entries
from server.web.board_kept import Kept, SeenRun
from server.web.board_plant import plant_entries
from server.web.board_runs import Known, position_entry, run_entry
from server.web.devices_view import unsent_of
from server.web.formats import Times, to_ms
from shared.refusals import refuse

Entry = dict[str, Any]
State = dict[str, dict[str, Entry]]
TOPICS_MAX = 12
READERS: Mapping[str, Callable[[str], object]] = {"today": date.fromisoformat, "run": UUID}
YESTERDAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """Who looks, at which instant."""

    who: Principal
    now: datetime


def topics_of(text: str) -> tuple[str, ...]:
    """Read the list of topics of a request; an unknown one is refused."""
    topics = tuple(sorted({part.strip() for part in text.split(",") if part.strip()}))
    if not topics or len(topics) > TOPICS_MAX:
        raise refuse("bad_input", why="topics")
    for topic in topics:
        _check(topic)
    return topics


def _check(topic: str) -> None:
    kind, _, subject = topic.partition(":")
    read = READERS.get(kind)
    try:
        if read is not None:
            read(subject)
    except ValueError as error:
        raise refuse("bad_input", why="topics") from error
    if read is None and kind not in ("devices", "plant"):
        raise refuse("bad_input", why="topics")


def load(session: Session, asked: Asked, topics: Iterable[str], kept: Kept | None = None) -> State:
    """Read every entry of these topics; runs that did not change since come from `kept`."""
    kept = Kept() if kept is None else kept
    state: State = {}
    for topic in topics:
        kind, _, subject = topic.partition(":")
        if kind == "today":
            ids = _day(session, asked, date.fromisoformat(subject))
        elif kind == "run":
            ids = [UUID(subject)]
        elif kind == "plant":
            ids = _day(session, asked, _site_times(session, asked).today(asked.now))
        else:
            continue
        merge(state, _of_runs(session, asked, ids, kept))
        if kind == "plant":
            merge(state, kanban_entries(session, asked.who))
    merge(state, _devices(session, asked))
    merge(state, _exceptions(session, asked))
    return state


def merge(state: State, more: State) -> None:
    """Add the entries of another state."""
    for kind, entries in more.items():
        state.setdefault(kind, {}).update(entries)


def _site_times(session: Session, asked: Asked) -> Times:
    return Times(sites.site(session, asked.who.site_id).tz)


def _day(session: Session, asked: Asked, on: date) -> list[UUID]:
    """Runs of that date, and on the present day also those of yesterday that are still out."""
    found = runs.day(session, asked.who, on)
    if on == _site_times(session, asked).today(asked.now):
        late = runs.day(session, asked.who, on - YESTERDAY, state="dispatched")
        found += [row for row in late if row.fact_state in ("loading", "underway")]
    return [row.id for row in found]


def _of_runs(session: Session, asked: Asked, run_ids: Sequence[UUID], kept: Kept) -> State:
    site_id = asked.who.site_id
    seen = [one for one in kept.look(session, site_id, run_ids, asked.now) if _sees(asked.who, one)]
    views = [one.view for one in seen]
    known = Known(
        vehicles=dict(fleet.vehicles_of(session, site_id)),
        drivers={row.id: row.name for row in people.drivers_of(session, site_id)},
        devices=people.devices(session, asked.who),
        ends=_ends(session, asked, views),
    )
    state: State = {"run": {}, "stop": {}, "position": {}}
    for one in seen:
        state["run"][str(one.view.run.id)] = run_entry(one.view, one.stops, known, asked.now)
        state["stop"] |= {stop["id"]: stop for stop in one.stops}
    if reaches(asked.who, "live", "read"):
        moving = [view.run.id for view in views if view.run.plan_state == "dispatched"]
        state["position"] = positions(session, asked, moving)
    merge(state, plant_entries(session, asked.who, views))
    return state


def _sees(who: Principal, one: SeenRun) -> bool:
    return who.carrier_id is None or one.view.run.carrier_id == who.carrier_id


def _ends(session: Session, asked: Asked, views: Sequence[RunView]) -> Mapping[UUID, Any]:
    wanted = {one for view in views for one in (view.run.start_location, view.run.end_location)}
    return sites.locations(session, asked.who.site_id, wanted)


def positions(session: Session, asked: Asked, run_ids: Sequence[UUID]) -> dict[str, Entry]:
    """Where the vehicles of these runs were last."""
    found = runs.last_positions(session, asked.who.site_id, run_ids)
    return {str(run_id): position_entry(row) for run_id, row in found.items()}


def _exceptions(session: Session, asked: Asked) -> State:
    found = feed.exceptions(session, asked.who.site_id, carrier_id=asked.who.carrier_id)
    return {"exception": {str(one.id): _exception(one) for one in found}}


def _exception(one: feed.ExceptionView) -> Entry:
    detail = one.detail
    run = one.subject_id if one.subject_kind == "run" else detail.get("run")
    return {
        "id": str(one.id),
        "kind": one.kind,
        "severity": one.severity,
        "state": one.state,
        "run": run,
        "subject_id": one.subject_id,
        "visit": one.subject_id if one.subject_kind == "visit" else detail.get("visit"),
        "subject": detail.get("run_name") or "",
        "place": detail.get("name") or "",
        "detail": detail,
        "at": to_ms(one.raised_at),
    }


def _devices(session: Session, asked: Asked) -> State:
    if not reaches(asked.who, "devices", "read"):
        return {}
    rows = people.devices(session, asked.who)
    return {
        "device": {
            str(row.id): {
                "id": str(row.id),
                "name": row.name,
                "seen": row.last_seen_ms,
                "unsent": unsent_of(row),
                "oldest": (row.unsent_json or {}).get("oldest_ms"),
            }
            for row in rows
            if row.state == "active"
        }
    }
